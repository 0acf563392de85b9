#include "runner/job/job_header.hpp"

#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

class JobHeaderTest : public tests::JobFixture {
  protected:
    std::string header() {
        auto job = parts();
        write_header(job->context);
        return channel_.log;
    }
    void set(const std::string& key, const std::string& value) {
        protocol::gitlab::Variable variable;
        variable.key = key;
        variable.value = value;
        payload_.variables.push_back(variable);
    }
    /// Whether `line` is one of the lines of `log`.
    static bool has_line(const std::string& log, const std::string& line) {
        return ("\n" + log + "\n").find("\n" + line + "\n") != std::string::npos;
    }
};

TEST_F(JobHeaderTest, NamesTheProgramAndTheRunner) {
    const std::string log = header();
    EXPECT_EQ(log.rfind("Running with gitlab-runner ", 0), 0U) << log;
    EXPECT_TRUE(has_line(log, "  on test abc, system ID: s_1")) << log;
}

TEST_F(JobHeaderTest, NamesTheFeatureFlagsThatTheJobChanges) {
    EXPECT_EQ(header().find("feature flags"), std::string::npos);
    channel_.log.clear();
    set("FF_TIMESTAMPS", "false");
    EXPECT_TRUE(has_line(header(), "  feature flags: FF_TIMESTAMPS:false")) << channel_.log;
}

TEST_F(JobHeaderTest, WarnsOfDebugSwitchesThatTheRunnerForbids) {
    set("CI_DEBUG_TRACE", "true");
    EXPECT_EQ(header().find("usage is disabled"), std::string::npos);
    runner_.debug_trace_disabled = true;
    const std::string log = header();
    EXPECT_NE(log.find("CI_DEBUG_TRACE: usage is disabled on this Runner"), std::string::npos);
    EXPECT_EQ(log.find("CI_DEBUG_SERVICES: usage"), std::string::npos);
}

}  // namespace
}  // namespace runner::job
