#include "executors/docker/pull_tries.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/job_log_lines.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {
namespace {

using Words = std::vector<std::string>;

class PullTriesTest : public testing::Test {
  protected:
    base::Result<Pulled> pull(const std::string& tag = "latest") {
        engine_.pulled.clear();
        PullRequest request;
        request.image = "app";
        request.registry = "docker.io";
        request.tag = tag;
        request.by_digest = tag.starts_with("sha256:");
        request.sources = sources_;
        ImageTurns turns(context_.get_executor());
        ImageTurn turn(turns, "app", 1);
        tests::run_to_end(context_, take(turn));
        return tests::run_to_end(context_, tries_.pull(request, turn, log_));
    }
    static base::Task<bool> take(ImageTurn& turn) {
        co_await turn.take();
        co_return true;
    }

    boost::asio::io_context context_{1};
    SimulatedEngine engine_;
    tests::ManualClock clock_;
    tests::JobLogLines log_;
    std::unique_ptr<EngineApi> api_ = simulated_api(engine_);
    std::vector<PullSource> sources_{{"app", base::Secret(), "", ""}};
    PullTries tries_{*api_,
                     {.tries = 4,
                      .first_pause = std::chrono::milliseconds(1),
                      .longest_wait = std::chrono::milliseconds(50),
                      .mirror_silence = std::chrono::milliseconds(20)},
                     clock_};
};

TEST_F(PullTriesTest, OnlyWhatMaySucceedLaterIsRepeated) {
    struct Case {
        Words answers;
        std::size_t pulls;
        bool done;
    };
    const std::string network = "dial tcp 1.2.3.4:443: i/o timeout";
    const std::string server = "received unexpected HTTP status: 503 Service Unavailable";
    const std::string busy = "toomanyrequests: retry-after: 9ms, allowed: 44000/minute";
    const std::string limit = "toomanyrequests: retry-after: 6h";
    engine_.registry = {"app"};
    for (const auto& [answers, pulls, done] :
         std::vector<Case>{{{""}, 1, true},
                           {{network, ""}, 2, true},
                           {{network, server, busy, ""}, 4, true},
                           {{network, network, network, network, ""}, 4, false},
                           {{"manifest unknown", ""}, 1, false},
                           {{"no space left on device", ""}, 1, false},
                           {{limit, ""}, 1, false},
                           {{network, "unauthorized", ""}, 2, false}}) {
        engine_.set_pull_answers(answers);
        EXPECT_EQ(pull().has_value(), done) << testing::PrintToString(answers);
        EXPECT_EQ(engine_.pulled.size(), pulls) << testing::PrintToString(answers);
    }
    EXPECT_TRUE(log_.has("WARNING: Pulling app failed (Error response from daemon: " + network +
                         "), retrying in 1s"));
}

class MirrorsTest : public PullTriesTest {
  protected:
    MirrorsTest() {
        sources_.insert(sources_.begin(), {"m.net/library/app", base::Secret(), "m.net", "A hint"});
        engine_.registry = {"app", "m.net/library/app"};
    }
};

TEST_F(MirrorsTest, OneThatSaysNothingMoreIsLeftOut) {
    engine_.registry = {"app"};
    ASSERT_TRUE(tests::run_to_end(context_, api_->info()));
    engine_.break_request(1, SimulatedEngine::Fault::kSilent);
    EXPECT_TRUE(pull().has_value());
    EXPECT_TRUE(log_.has("WARNING: The mirror m.net of docker.io does not work ("));
}

TEST_F(MirrorsTest, AreAskedFirstAndWhatTheyGiveHasTheNameOfTheJob) {
    const auto pulled = pull("3");
    ASSERT_TRUE(pulled.has_value());
    EXPECT_EQ(pulled->name, "app");
    EXPECT_EQ(engine_.pulled, (Words{"m.net/library/app:3"}));
    EXPECT_EQ(engine_.images.at("app")["Id"], "id-of-m.net/library/app");
    EXPECT_TRUE(log_.lines.empty());
}

TEST_F(MirrorsTest, AnImageByItsDigestKeepsTheMirrorsName) {
    const std::string digest = "sha256:" + std::string(64, 'a');
    const auto pulled = pull(digest);
    ASSERT_TRUE(pulled.has_value());
    EXPECT_EQ(pulled->name, "m.net/library/app@" + digest);
    EXPECT_FALSE(engine_.images.contains("app"));
}

TEST_F(MirrorsTest, OneWithoutTheImageIsNoFault) {
    engine_.registry.erase("m.net/library/app");
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(pull().has_value());
        EXPECT_EQ(engine_.pulled, (Words{"m.net/library/app:latest", "app:latest"}));
    }
    EXPECT_TRUE(
        log_.has("The mirror m.net does not give app (Error response from daemon: manifest "
                 "unknown): asking docker.io"));
}

TEST_F(MirrorsTest, OneThatDoesNotWorkIsLeftOutForAMinute) {
    engine_.set_pull_answers({"dial tcp: connection refused"});
    ASSERT_TRUE(pull().has_value());
    EXPECT_EQ(engine_.pulled, (Words{"m.net/library/app:latest", "app:latest"}));
    EXPECT_TRUE(
        log_.has("WARNING: The mirror m.net of docker.io does not work (Error response "
                 "from daemon: dial tcp: connection refused): asking docker.io, and only "
                 "that for a minute. A hint"));
    clock_.advance(std::chrono::seconds(59));
    ASSERT_TRUE(pull().has_value());
    EXPECT_EQ(engine_.pulled, (Words{"app:latest"}));
    clock_.advance(std::chrono::seconds(1));
    ASSERT_TRUE(pull().has_value());
    EXPECT_EQ(engine_.pulled, (Words{"m.net/library/app:latest"}));
}

TEST_F(MirrorsTest, TheFailureOfTheImagesOwnRegistryIsTheAnswer) {
    engine_.set_pull_answers({"manifest unknown", "pull access denied"});
    const auto pulled = pull();
    ASSERT_FALSE(pulled.has_value());
    EXPECT_EQ(pulled.error().message, "Error response from daemon: pull access denied");
    EXPECT_EQ(pulled.error().pull_failure, base::PullFailure::kConfiguration);
}

}  // namespace
}  // namespace executors::docker
