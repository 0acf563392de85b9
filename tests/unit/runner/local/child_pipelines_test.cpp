#include "runner/local/child_pipelines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/this_coro.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/notifier.hpp"
#include "runner/pipeline/include/work_tree.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::local {
namespace {

using pipeline::state::Status;

/// Ends as it is told, at once or when it is stopped.
class FakeChild final : public ChildPipeline {
  public:
    FakeChild(Status end, bool waits) : end_(end), waits_(waits) {}

    base::Task<Status> run() override {
        while (waits_ && !stopped) {
            auto slept = co_await base::sleep_for(std::chrono::milliseconds(1));
            static_cast<void>(slept);
        }
        co_return stopped ? Status::kCanceled : end_;
    }
    void stop() override { stopped = true; }

    bool stopped = false;

  private:
    Status end_;
    bool waits_;
};

/// A pipeline with a bridge, and what its child does.
struct Script {
    std::string text;
    std::size_t bridge = 0;  ///< position of the bridge in the pipeline
    int depth = 0;
    Status child_end = Status::kSuccess;
    bool child_waits = false;
    std::string load_failure{};
    bool stop_first = false;
    bool stop_while_child_runs = false;
};

struct Outcome {
    JobEnd end;
    std::vector<std::string> said;
    std::vector<PipelineDescription> loaded;
    bool child_stopped = false;
    std::string table;
};

class Bridges {
  public:
    explicit Bridges(const Script& script) : script_(script) {
        PipelineDescription description;
        description.load.text = script.text;
        description.request.pipeline.ref = "main";
        description.request.pipeline.source = "push";
        description.depth = script.depth;
        auto planned = plan_pipeline(std::move(description), source_);
        if (!planned) throw std::runtime_error(planned.error().message);
        planned_ = std::move(*planned);
    }

    base::Task<Outcome> run() {
        auto executor = co_await boost::asio::this_coro::executor;
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere(std::fopen("/dev/null", "w"),
                                                                      &std::fclose);
        Display display(nowhere.get(), {});
        PipelineRows rows(display, planned_->jobs(), "");
        ArtifactStore store(directory_.path());
        JobResults results(planned_->pipeline, store);
        ChildPipelines children(executor, *planned_, results, rows, environment());
        base::TaskGroup stoppers(executor);
        if (script_.stop_first) children.stop_all();
        if (script_.stop_while_child_runs) stoppers.spawn("stop", stop_soon(children));
        auto running = children.run(script_.bridge);
        outcome_.end = co_await std::move(running);
        rows.on_state(script_.bridge, outcome_.end.status, outcome_.end.note);
        co_await children.wait();
        co_await stoppers.wait();
        outcome_.child_stopped = child_ != nullptr && child_->stopped;
        outcome_.table = display.table();
        co_return outcome_;
    }

  private:
    ChildPipelines::Environment environment() {
        using Child = base::Result<std::shared_ptr<ChildPipeline>>;
        return {
            .load = [this](PipelineDescription description, pipeline::include::Source&) -> Child {
                outcome_.loaded.push_back(std::move(description));
                if (!script_.load_failure.empty())
                    return base::make_error(base::ErrorKind::kInvalidInput, script_.load_failure);
                child_ = std::make_shared<FakeChild>(script_.child_end, script_.child_waits);
                return std::shared_ptr<ChildPipeline>(child_);
            },
            .next_id = [this] { return next_id_++; },
            .say = [this](const std::string& text) { outcome_.said.push_back(text); },
            .source = source_};
    }
    static base::Task<void> stop_soon(ChildPipelines& children) {
        auto slept = co_await base::sleep_for(std::chrono::milliseconds(2));
        static_cast<void>(slept);
        children.stop_all();
    }

    Script script_;
    pipeline::include::WorkTreeSource source_{"/nonexistent"};
    tests::TempDir directory_;
    std::unique_ptr<PlannedPipeline> planned_;
    std::shared_ptr<FakeChild> child_;
    std::int64_t next_id_ = 100;
    Outcome outcome_;
};

Outcome run(const Script& script) {
    Bridges bridges(script);
    return tests::run_to_end(bridges.run());
}

constexpr const char* kUnawaited = "t: {trigger: {include: c.yml}}\n";
constexpr const char* kWaiting = "t: {trigger: {include: c.yml, strategy: depend}}\n";

TEST(ChildPipelines, ABridgeWithAStrategyEndsAsItsChild) {
    EXPECT_EQ(run({.text = kWaiting}).end.status, Status::kSuccess);
    const auto failed = run({.text = kWaiting, .child_end = Status::kFailed});
    EXPECT_EQ(failed.end.status, Status::kFailed);
    ASSERT_EQ(failed.loaded.size(), 1U);
    EXPECT_EQ(failed.loaded[0].prefix, "t / ");
    EXPECT_EQ(failed.loaded[0].info.id, 100);
}

TEST(ChildPipelines, ABridgeWithoutAStrategySucceedsAndNotesHowTheChildEnded) {
    const auto out = run({.text = kUnawaited, .child_end = Status::kFailed});
    EXPECT_EQ(out.end.status, Status::kSuccess);
    EXPECT_THAT(out.table, testing::HasSubstr("success"));
}

TEST(ChildPipelines, AChildThatCannotBeLoadedFailsItsBridge) {
    for (const char* text : {kUnawaited, kWaiting}) {
        const auto out = run({.text = text, .load_failure = "no such file"});
        EXPECT_EQ(out.end.status, Status::kFailed);
        EXPECT_EQ(out.end.reason, "downstream_pipeline_creation_failed");
        EXPECT_EQ(out.end.note, "its child pipeline could not be created");
        EXPECT_THAT(out.said, testing::ElementsAre("no such file"));
    }
}

TEST(ChildPipelines, AFileThatNoJobHasMadeFailsTheBridge) {
    const auto out =
        run({.text = "t: {stage: build, trigger: {include: [{artifact: made.yml, job: a}]}}\n"
                     "a: {stage: .pre, script: x}\n",
             .bridge = 1});
    EXPECT_EQ(out.end.reason, "downstream_pipeline_creation_failed");
    EXPECT_TRUE(out.loaded.empty());
}

TEST(ChildPipelines, ChildrenBelowTheSecondLevelAreRefused) {
    const auto out = run({.text = kWaiting, .depth = 2});
    EXPECT_EQ(out.end.status, Status::kFailed);
    EXPECT_EQ(out.end.reason, "reached_max_descendant_pipelines_depth");
    EXPECT_TRUE(out.loaded.empty());
}

TEST(ChildPipelines, APipelineOfAnotherProjectIsSkipped) {
    const auto out = run({.text = "t: {trigger: group/project}\n"});
    EXPECT_EQ(out.end.status, Status::kSkipped);
    EXPECT_THAT(out.end.note, testing::HasSubstr("starts a pipeline of another project"));
}

TEST(ChildPipelines, AStopReachesAChildThatRuns) {
    for (const char* text : {kUnawaited, kWaiting}) {
        const auto out = run({.text = text, .child_waits = true, .stop_while_child_runs = true});
        EXPECT_TRUE(out.child_stopped) << text;
    }
}

TEST(ChildPipelines, AChildThatIsCreatedAfterAStopIsStoppedBeforeItRuns) {
    const auto out = run({.text = kWaiting, .child_waits = true, .stop_first = true});
    EXPECT_TRUE(out.child_stopped);
    EXPECT_EQ(out.end.status, Status::kCanceled);
}

}  // namespace
}  // namespace runner::local
