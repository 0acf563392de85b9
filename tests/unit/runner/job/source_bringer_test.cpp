#include "runner/job/source_bringer.hpp"

#include <gmock/gmock.h>

#include "runner/job/stage_numbers.hpp"
#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using base::ErrorKind;
using base::StopReason;
using testing::ElementsAre;
using testing::HasSubstr;

/// Sources that are there already: two trees.
class ReadySources final : public Sources {
  public:
    explicit ReadySources(base::Result<int> fetched) : fetched_(std::move(fetched)) {}
    base::Task<base::Result<int>> fetch(executors::JobLog& log) override {
        log.print("Fetching...");
        if (!on_fetch) co_return fetched_;
        on_fetch();
        auto slept = co_await base::sleep_for(std::chrono::hours(1));
        static_cast<void>(slept);  // only a cancellation ends it
        co_return base::make_error(ErrorKind::kCancelled, "stopped");
    }
    base::Result<std::optional<protocol::http::BodySource>> next_archive(
        const boost::asio::any_io_executor&) override {
        if (next_ == 2) return std::optional<protocol::http::BodySource>();
        auto text = std::make_shared<std::string>("tar " + std::to_string(++next_));
        const protocol::http::BodySource source = [text] { return piece(text); };
        return std::optional(source);
    }

    std::function<void()> on_fetch;  ///< set: fetch() does not end by itself

  private:
    static base::Task<base::Result<std::string>> piece(std::shared_ptr<std::string> text) {
        co_return std::exchange(*text, {});
    }

    base::Result<int> fetched_;
    int next_ = 0;
};

class SourceBringerTest : public tests::JobFixture {
  protected:
    StageResult bring(std::unique_ptr<ReadySources> sources) {
        auto job_setup = setup();
        job_setup.sources = std::move(sources);
        job_ = std::make_unique<Parts>(context_.get_executor(), std::move(job_setup), session_);
        auto& context = job_->context;
        context.checkpoint().plan_index = 1;
        ScriptRunner scripts(context, job_->session);
        script::ScriptSettings settings;
        settings.sources_by_daemon = true;
        const script::JobScripts writers(context.payload(), context.runner(), context.behaviour,
                                         settings);
        SourceBringer bringer(context, scripts, writers);
        return run(bringer.bring(context.deadline()));
    }
    StageResult bring(base::Result<int> fetched = 0) {
        return bring(std::make_unique<ReadySources>(std::move(fetched)));
    }
    [[nodiscard]] std::vector<std::string> file_calls() const {
        std::vector<std::string> calls;
        for (const auto& call : session_.file_calls)
            calls.push_back(call.call + " " + call.content);
        return calls;
    }

    std::unique_ptr<Parts> job_;
};

TEST_F(SourceBringerTest, UnpacksTheTreesBetweenTheScriptsOfTheStage) {
    const auto exit = bring();
    ASSERT_TRUE(exit) << exit.error().message;
    EXPECT_EQ(exit->code, 0);
    EXPECT_THAT(session_.calls,
                ElementsAre("run_stage", "run_stage", "put_tar", "put_tar", "run_stage"));
    EXPECT_THAT(file_calls(), ElementsAre("put_tar tar 1", "put_tar tar 2"));
    EXPECT_EQ(session_.file_calls[0].path, job_->context.directories->project);
}

TEST_F(SourceBringerTest, GivesEveryScriptOfATryItsOwnNumber) {
    ASSERT_TRUE(bring());
    const auto& checkpoint = job_->context.checkpoint();
    ASSERT_EQ(session_.stages.size(), 3U);
    EXPECT_EQ(session_.stages[0].stage, script_number(checkpoint, ScriptPart::kBefore));
    EXPECT_EQ(session_.stages[1].stage, script_number(checkpoint, ScriptPart::kClean));
    EXPECT_EQ(session_.stages[2].stage, script_number(checkpoint));
}

TEST_F(SourceBringerTest, EndsWithTheFirstScriptThatFails) {
    session_.exits = {tests::exit_with(3)};
    EXPECT_EQ(bring()->code, 3);
    EXPECT_EQ(session_.stages.size(), 1U);
    session_ = {};
    session_.exits = {tests::exit_with(0), tests::exit_with(4)};
    EXPECT_EQ(bring()->code, 4);
    EXPECT_EQ(session_.stages.size(), 2U);
}

TEST_F(SourceBringerTest, TakesTheExitCodeOfTheFetchForTheStages) {
    EXPECT_EQ(bring(128)->code, 128);
    EXPECT_EQ(session_.stages.size(), 1U) << "nothing is removed for files that do not come";
    EXPECT_THAT(channel_.log, HasSubstr("Fetching..."));
}

TEST_F(SourceBringerTest, HandsOnFailures) {
    const auto missing = bring(base::make_error(ErrorKind::kNotFound, "no tar"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
    for (const std::string call : {"run_stage", "put_tar"}) {
        session_ = {};
        session_.failures[call] = {base::make_error(ErrorKind::kIo, call)};
        const auto failed = bring();
        ASSERT_FALSE(failed) << call;
        EXPECT_EQ(failed.error().message, call);
    }
}

TEST_F(SourceBringerTest, StopsWhileTheSourcesCome) {
    auto sources = std::make_unique<ReadySources>(0);
    sources->on_fetch = [this] { stop_soon(job_->context, StopReason::kShutdown); };
    const auto stopped = bring(std::move(sources));
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
    EXPECT_EQ(session_.stages.size(), 1U);
}

}  // namespace
}  // namespace runner::job
