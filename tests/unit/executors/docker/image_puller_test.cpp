#include "executors/docker/image_puller.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/job_log_lines.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace executors::docker {
namespace {

using base::ErrorKind;
using base::PullFailure;
using Words = std::vector<std::string>;

class Events final : public ExecutorObserver {
  public:
    void on_step(std::string_view step) override { steps.emplace_back(step); }
    void on_pull(const ImagePull& pull) override { pulls.push_back(pull); }
    Words steps;
    std::vector<ImagePull> pulls;
};

/// One job that obtains images of a simulated engine.
class ImagePullerTest : public testing::Test {
  protected:
    base::Result<ImageInfo> obtain(const std::string& name, Words policies = {}) {
        ImageSpec spec;
        spec.name = name;
        spec.pull_policies = std::move(policies);
        spec.platform = platform_;
        engine_.requests.clear();
        EngineConnection connection(
            context_.get_executor(), simulated_api(engine_), "",
            {.tries = 4, .first_pause = std::chrono::milliseconds(1), .longest_wait = {}});
        JobRegistryAuth auth(context_.get_executor(), job_, registries_, log_);
        PreparationSteps steps(&events_);
        JobObjects objects;
        const PreparationContext all{connection, docker_, dind_,   registries_,
                                     job_,       log_,    objects, steps};
        ImagePuller puller(all, auth);
        return tests::run_to_end(context_, puller.obtain(spec));
    }
    [[nodiscard]] std::ptrdiff_t pulls() const {
        return std::count(engine_.requests.begin(), engine_.requests.end(),
                          "POST /v1.45/images/create");
    }

    boost::asio::io_context context_{1};
    SimulatedEngine engine_;
    DockerSettings docker_;
    DindSettings dind_;
    std::vector<RegistrySettings> registries_;
    JobEnvironment job_;
    tests::JobLogLines log_;
    Events events_;
    std::string platform_;
};

TEST_F(ImagePullerTest, TellsOfPullsAndHowTheyEnded) {
    docker_.pull_policy = {"if-not-present"};
    engine_.registry = {"app"};
    ASSERT_TRUE(obtain("app"));
    EXPECT_EQ(events_.steps, (Words{"pulling_image", "prepare"}));
    ASSERT_EQ(events_.pulls.size(), 1U);
    EXPECT_TRUE(events_.pulls[0].done);
    EXPECT_EQ(events_.pulls[0].bytes, 1000U);
    ASSERT_TRUE(obtain("app"));
    EXPECT_EQ(events_.pulls.size(), 1U) << "an image that is there is not pulled";
    EXPECT_FALSE(obtain("missing"));
    ASSERT_EQ(events_.pulls.size(), 2U);
    EXPECT_FALSE(events_.pulls[1].done);
}

TEST_F(ImagePullerTest, EachPolicyPullsWhenItHasTo) {
    struct Case {
        std::string policy;
        bool is_local;
        std::ptrdiff_t pulls;
        bool obtained;
    };
    docker_.allowed_pull_policies = {"always", "if-not-present", "never"};
    for (const auto& [policy, is_local, wanted_pulls, obtained] :
         std::vector<Case>{{"always", true, 1, true},
                           {"always", false, 1, true},
                           {"if-not-present", true, 0, true},
                           {"if-not-present", false, 1, true},
                           {"never", true, 0, true},
                           {"never", false, 0, false}}) {
        engine_.images.clear();
        engine_.registry = {"app"};
        if (is_local) engine_.add_image("app");
        const auto image = obtain("app", {policy});
        EXPECT_EQ(image.has_value(), obtained) << policy << is_local;
        EXPECT_EQ(pulls(), wanted_pulls) << policy << is_local;
        if (image) {
            EXPECT_EQ(image->id, "id-of-app");
        }
    }
    EXPECT_TRUE(log_.has("Using locally found image version due to \"if-not-present\""));
}

TEST_F(ImagePullerTest, AnImageOfAnotherPlatformIsPulled) {
    docker_.pull_policy = {"if-not-present"};
    engine_.add_image("app");
    engine_.registry = {"app"};
    platform_ = "linux/amd64";
    ASSERT_TRUE(obtain("app").has_value());
    EXPECT_EQ(pulls(), 0);
    platform_ = "linux/arm64";
    static_cast<void>(obtain("app"));
    EXPECT_EQ(pulls(), 1);
}

TEST_F(ImagePullerTest, AFailedPullHasAKindAndADetail) {
    struct Case {
        std::string answer;
        ErrorKind kind;
        PullFailure detail;
    };
    for (const auto& [answer, kind, detail] : std::vector<Case>{
             {"connection refused", ErrorKind::kUnavailable, PullFailure::kExternal},
             {"pull access denied", ErrorKind::kConfiguration, PullFailure::kConfiguration},
             {"no space left on device", ErrorKind::kNotFound, PullFailure::kOther}}) {
        engine_.set_pull_answers({answer, answer, answer, answer});
        const auto image = obtain("app");
        ASSERT_FALSE(image.has_value());
        EXPECT_EQ(image.error().kind, kind) << answer;
        EXPECT_EQ(image.error().pull_failure, detail) << answer;
        EXPECT_EQ(image.error().message,
                  "failed to pull image \"app\" with specified policies [always]: Error response "
                  "from daemon: " +
                      answer);
    }
    docker_.pull_policy = {"never"};
    const auto missing = obtain("app");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().kind, ErrorKind::kConfiguration);
    EXPECT_EQ(missing.error().pull_failure, PullFailure::kConfiguration);
}

TEST_F(ImagePullerTest, ADeclaredRegistryThatCannotBeReachedGetsAHint) {
    RegistrySettings registry;
    registry.host = "reg.net";
    registry.address = "10.0.0.1";
    registries_ = {registry};
    const auto message = [&](const std::string& answer) {
        engine_.set_pull_answers({answer, answer, answer, answer});
        const auto image = obtain("reg.net/app");
        return image ? std::string() : image.error().message;
    };
    const std::string hint = ". The host's own engine pulls this image";
    EXPECT_NE(message("lookup reg.net: no such host").find(hint), std::string::npos);
    EXPECT_NE(message("server gave HTTP response to HTTPS client").find(hint), std::string::npos);
    EXPECT_EQ(message("manifest unknown").find(hint), std::string::npos);
}

/// Words in an image's name do not count as words of the registry's message.
TEST_F(ImagePullerTest, TheNameOfTheImageDoesNotDecideTheKindOfAFailure) {
    engine_.set_pull_answers({"no space left on device"});
    const auto image = obtain("unauthorized");
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().pull_failure, PullFailure::kOther);
}

TEST_F(ImagePullerTest, TheNextPolicyIsTriedWhenOneFails) {
    docker_.pull_policy = {"always", "if-not-present"};
    engine_.add_image("app");
    engine_.set_pull_answers({"manifest unknown"});
    ASSERT_TRUE(obtain("app").has_value());
    EXPECT_TRUE(
        log_.has("WARNING: Failed to pull image with policy \"always\": Error response "
                 "from daemon: manifest unknown"));
    EXPECT_TRUE(log_.has("Attempt #2: Trying \"if-not-present\" pull policy"));
}

TEST_F(ImagePullerTest, TheSamePolicyTwiceAsksTheRegistryTwice) {
    docker_.pull_policy = {"always", "always"};
    engine_.registry = {"app"};
    engine_.set_pull_answers({"manifest unknown", ""});
    EXPECT_TRUE(obtain("app").has_value());
    EXPECT_EQ(pulls(), 2);
}

TEST_F(ImagePullerTest, AnImageOfAMirrorIsUsed) {
    RegistrySettings mirror;
    mirror.host = "mirror.net:5000";
    mirror.mirror_of = "docker.io";
    registries_ = {mirror};
    const std::string digest = "@sha256:" + std::string(64, 'a');
    docker_.pull_policy = {"if-not-present"};
    engine_.registry = {"mirror.net:5000/library/app"};
    for (const std::string& name : {std::string("app"), "app" + digest}) {
        ASSERT_TRUE(obtain(name).has_value()) << name;
        EXPECT_EQ(pulls(), 1) << name;
        ASSERT_TRUE(obtain(name).has_value()) << name;
        EXPECT_EQ(pulls(), 0) << name << " is there now";
    }
    EXPECT_EQ(engine_.pulled, (Words{"mirror.net:5000/library/app:latest",
                                     "mirror.net:5000/library/app" + digest}));
}

TEST_F(ImagePullerTest, NamesAndPoliciesThatAreNotValidAreNotTried) {
    for (const auto& [name, policies] : std::vector<std::pair<std::string, Words>>{
             {"not a name", {}}, {"app", {"sometimes"}}, {"app", {"never"}}}) {
        const auto image = obtain(name, policies);
        ASSERT_FALSE(image.has_value());
        EXPECT_EQ(image.error().kind, ErrorKind::kConfiguration);
        EXPECT_FALSE(image.error().pull_failure.has_value());
        EXPECT_TRUE(engine_.requests.empty());
    }
}

}  // namespace
}  // namespace executors::docker
