#include "runner/job/gitlab_channel.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "runner/job/job_variables.hpp"
#include "tests/support/fake_jobs_api.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::job {
namespace {

class GitLabChannelRestore : public testing::Test {
  protected:
    base::Result<std::unique_ptr<JobChannel>> restore(const std::string& state) {
        const script::Variables variables = make_variables(payload_, runner_, {});
        journal::Checkpoint checkpoint;
        checkpoint.trace_state = state;
        GitLabChannelOptions options;
        options.client = std::make_shared<tests::FakeJobsApi>(context_.get_executor());
        options.payload = &payload_;
        options.variables = &variables;
        options.runner = &runner_;
        options.spool = dir_.path() / "spool";
        options.restored = &checkpoint;
        return make_gitlab_channel(context_.get_executor(), options);
    }

    boost::asio::io_context context_{1};
    tests::TempDir dir_;
    protocol::gitlab::JobPayload payload_;
    config::RunnerConfig runner_;
};

TEST_F(GitLabChannelRestore, RefusesAStateThatItCannotRead) {
    for (const std::string state :
         {"text", "[]", "{}", R"({"confirmed": 0})", R"({"confirmed": "0", "trace": "{}"})",
          R"({"confirmed": -1, "trace": "{}"})", R"({"confirmed": 0, "trace": {}})",
          R"({"confirmed": 0, "trace": "no state"})"}) {
        const auto channel = restore(state);
        ASSERT_FALSE(channel) << state;
        EXPECT_TRUE(channel.error().message.starts_with("the job's log: ")) << state;
    }
}

TEST_F(GitLabChannelRestore, BeginsALogThatAFormerDaemonHasNotBegun) {
    const auto channel = restore("");
    ASSERT_TRUE(channel) << channel.error().message;
    (*channel)->log().print("first line");
    EXPECT_GT((*channel)->mark().bytes, 0U);
}

}  // namespace
}  // namespace runner::job
