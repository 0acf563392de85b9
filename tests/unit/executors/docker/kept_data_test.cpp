#include "executors/docker/kept_data.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "tests/unit/executors/docker/docker_executor_fixture.hpp"

namespace executors::docker {
namespace {

using Words = std::vector<std::string>;

JobEnvironment job_of_a_slot() {
    JobEnvironment job;
    job.volume_prefix = "runner-0123";
    return job;
}

DindSettings keeping() {
    DindSettings dind;
    dind.persist = PersistData::kProject;
    return dind;
}

TEST(KeptDataPlan, ProtectedAndOtherRefsNeverShare) {
    JobEnvironment job = job_of_a_slot();
    EXPECT_EQ(data_volume_name(job), "runner-0123-data");
    job.protected_ref = true;
    EXPECT_EQ(data_volume_name(job), "runner-0123-data-protected");
}

TEST(KeptDataPlan, BuildersKnowASlotByItsIdAndNoOtherSlot) {
    JobEnvironment job = job_of_a_slot();
    const std::string node = build_node(job);
    EXPECT_EQ(node.size(), 16U);
    EXPECT_EQ(build_node(job), node);
    job.protected_ref = true;
    EXPECT_NE(build_node(job), node);
    job = job_of_a_slot();
    job.volume_prefix = "runner-0124";
    EXPECT_NE(build_node(job), node);
    EXPECT_EQ(build_node({}), "");
}

TEST(KeptDataPlan, SaysWhyNothingIsKeptWhereTheJobIsTheReason) {
    const auto why = [](const JobEnvironment& job, const DindSettings& dind,
                        const DockerSettings& docker = {}, const Words& binds = {}) {
        const auto no = why_no_data(job, docker, dind, binds);
        return no.none ? "none: " + no.reason : "kept";
    };
    JobEnvironment job = job_of_a_slot();
    EXPECT_EQ(why(job, keeping()), "kept");
    EXPECT_EQ(why(job, keeping(), {}, {"/srv/docker:/var/lib/docker"}), "none: ");
    DockerSettings docker;
    docker.disable_cache = true;
    EXPECT_EQ(why(job, keeping(), docker), "none: ");
    DindSettings none = keeping();
    none.persist = PersistData::kNone;
    EXPECT_EQ(why(job, none), "none: ") << "the administrator decides";
    job.engine_data = EngineDataWish::kNone;
    EXPECT_EQ(why(job, keeping()), "none: the job's RUNNER_DIND_PERSIST is \"none\"");
    job.engine_data = EngineDataWish::kUnknown;
    EXPECT_EQ(why(job, keeping()),
              "none: the job's RUNNER_DIND_PERSIST is neither \"project\" nor \"none\"");
}

TEST(KeptDataPlan, RunnerHelperComesBeforeTheProgramOfTheImage) {
    const KeptData data{"v", true, "state"};
    ImageInfo image;
    image.entrypoint = {"dockerd-entrypoint.sh"};
    image.command = {"--debug"};
    const Words first{"/.runner/bin/runner-helper",
                      "enter-data",
                      "--root",
                      "/var/lib/docker",
                      "--keep-volume",
                      "state",
                      "--new",
                      "--"};
    const auto with = [&](const Words& more) {
        Words all = first;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    ContainerPlan plan;
    EXPECT_TRUE(mount_data(data, image, plan));
    EXPECT_EQ(*plan.entrypoint, with({"dockerd-entrypoint.sh"}));
    EXPECT_EQ(*plan.command, Words{"--debug"});
    EXPECT_EQ(plan.binds, Words{"v:/var/lib/docker"});

    KeptData revalidated = data;
    revalidated.revalidates = true;
    revalidated.own_images = {"a", "b"};
    ContainerPlan more;
    EXPECT_TRUE(mount_data(revalidated, image, more));
    Words expected = with({"dockerd-entrypoint.sh"});
    const Words flags{"--revalidate", "--own-image", "a", "--own-image", "b"};
    expected.insert(expected.end() - 2, flags.begin(), flags.end());
    EXPECT_EQ(*more.entrypoint, expected);

    ContainerPlan own;
    own.entrypoint = Words{"dockerd"};
    EXPECT_TRUE(mount_data(data, image, own));
    EXPECT_EQ(*own.entrypoint, with({"dockerd"}));
    EXPECT_EQ(*own.command, Words{}) << "an ENTRYPOINT of the job replaces the image's CMD";

    ContainerPlan without;
    EXPECT_FALSE(mount_data({}, image, without));
    image.user = "rootless";
    EXPECT_FALSE(mount_data(data, image, without)) << "its data is not in /var/lib/docker";
    EXPECT_FALSE(without.entrypoint);
}

TEST(KeptDataPlan, TheLineForTheJobLogIsOneLineWhateverAJobHasWritten) {
    EXPECT_EQ(data_line(R"({"warm":true,"reason":""})"),
              "Inner engine: warm, with the images and build caches that its slot has kept");
    EXPECT_EQ(data_line(R"({"warm":false,"reason":"this is\nthe \u001b[31mfirst"})"),
              "Inner engine: cold, because this is?the ?[31mfirst");
    EXPECT_EQ(data_line(R"({"reason":")" + std::string(9000, 'x') + "\"}").size(), 328U);
    for (const char* wrong : {"", "[]", "{}", R"({"warm":1})", R"({"reason":7})"})
        EXPECT_EQ(data_line(wrong), "") << wrong;
}

TEST(KeptDataPlan, NamesAreLeftToTheEngineOnlyInAList) {
    EXPECT_TRUE(has_names_left(R"({"warm":true,"names":["app:1"]})"));
    for (const char* none :
         {"", "[]", "{}", R"({"names":[]})", R"({"names":"app:1"})", R"({"names":7})"}) {
        EXPECT_FALSE(has_names_left(none)) << none;
    }
}

/// Jobs whose engine keeps its data, against the engine in memory.
class KeptDataTest : public DockerExecutorTest {
  protected:
    void SetUp() override {
        DockerExecutorTest::SetUp();
        dind_.persist = PersistData::kProject;
    }
    [[nodiscard]] nlohmann::json engine_container() {
        const bool sidecar = GetParam() == Scenario::kSidecar;
        const auto* found = engine_.find(sidecar ? "-engine" : "-build");
        return found == nullptr ? nlohmann::json() : found->body;
    }
    [[nodiscard]] bool mounts_data() {
        const Words binds = engine_container()["HostConfig"]["Binds"];
        return std::find(binds.begin(), binds.end(), "runner-0123-data:/var/lib/docker") !=
               binds.end();
    }
    /// "--new" for the first job of a slot.
    [[nodiscard]] bool is_first() {
        const Words words = engine_container()["Entrypoint"];
        EXPECT_EQ(words.at(1), "enter-data");
        return std::find(words.begin(), words.end(), "--new") != words.end();
    }
    void end(Executor& executor) {
        EXPECT_TRUE(tests::run_to_end(context_, executor.halt()));
        EXPECT_TRUE(cleanup(executor));
    }
};

INSTANTIATE_TEST_SUITE_P(Engines, KeptDataTest,
                         testing::Values(Scenario::kEngineImage, Scenario::kSidecar),
                         scenario_name);

TEST_P(KeptDataTest, TheVolumeOutlivesTheJobAndServesTheNext) {
    for (const bool first : {true, false}) {
        auto executor = make();
        ASSERT_TRUE(prepare(*executor));
        EXPECT_TRUE(mounts_data());
        EXPECT_EQ(is_first(), first);
        end(*executor);
        ASSERT_TRUE(engine_.volumes.contains("runner-0123-data"));
    }
    const auto& labels = engine_.volumes["runner-0123-data"]["Labels"];
    EXPECT_EQ(labels["com.gitlab.gitlab-runner.type"], "data");
    EXPECT_EQ(labels["com.gitlab.gitlab-runner.reusable"], "true");
    EXPECT_EQ(labels["com.gitlab.gitlab-runner.protected"], "false");
    engine_.volumes.erase("runner-0123-data");
    expect_clean("besides the data");
}

TEST_P(KeptDataTest, ImagesAreRevalidatedWhereThePullPolicySaysSo) {
    struct Case {
        Words policies;
        bool revalidated;
    };
    const Case cases[] = {{{"always"}, true},
                          {{"always", "if-not-present"}, true},
                          {{"if-not-present", "always"}, false},
                          {{"never"}, false}};
    docker_.allowed_pull_policies = {"always", "if-not-present", "never"};
    dind_.preload_images = {"app"};
    job_.services.clear();
    for (const auto& test : cases) {
        start_engine();
        engine_.registry = {"app", "dind", "buildkit"};
        docker_.pull_policy = test.policies;
        auto executor = make();
        ASSERT_TRUE(prepare(*executor));
        const Words words = engine_container()["Entrypoint"];
        const auto flag = std::find(words.begin(), words.end(), "--revalidate");
        EXPECT_EQ(flag != words.end(), test.revalidated) << test.policies.front();
        if (flag != words.end()) {
            EXPECT_EQ(Words(flag + 1, flag + 5),
                      (Words{"--own-image", "app", "--own-image", "buildkit"}));
        }
        end(*executor);
    }
}

TEST_P(KeptDataTest, NamesThatOnlyTheEngineCanTakeAwayAreLeftToIt) {
    int exit_code = 0;
    const auto describe = [&](const std::string& outcome) {
        start_engine();
        auto executor = make();
        EXPECT_TRUE(prepare(*executor));
        engine_.exec_exit_code = exit_code;
        const bool sidecar = GetParam() == Scenario::kSidecar;
        leave_outcome(*engine_.find(sidecar ? "-engine" : "-build"), outcome);
        const auto before = engine_.requests.size();
        const std::string line = tests::run_to_end(context_, executor->describe_engine());
        const bool asked = std::any_of(
            engine_.requests.begin() + static_cast<std::ptrdiff_t>(before), engine_.requests.end(),
            [](const auto& request) { return request.ends_with("/exec"); });
        engine_.exec_exit_code = 0;
        end(*executor);
        return (asked ? "asked: " : "") + line;
    };
    const std::string warm =
        "Inner engine: warm, with the images and build caches that its slot has kept";
    EXPECT_EQ(describe(R"({"warm":true,"names":[]})"), warm);
    EXPECT_EQ(describe(R"({"warm":true,"names":["app:1"]})"), "asked: " + warm);
    exit_code = 1;
    EXPECT_EQ(describe(R"({"warm":true,"names":["app:1"]})"),
              "asked: " + warm +
                  "; images of registries are not asked for again: runner-helper untag-images "
                  "ended with exit code 1: ");
}

TEST_P(KeptDataTest, ServicesAndTheJobBesideAnEngineDoNotSeeTheData) {
    auto executor = make();
    ASSERT_TRUE(prepare(*executor));
    int users = 0;
    for (const auto& [id, container] : engine_.containers) {
        if (container.body.dump().find("runner-0123-data") != std::string::npos) ++users;
    }
    EXPECT_EQ(users, 1);
    end(*executor);
}

TEST_P(KeptDataTest, TwoEnginesNeverUseItAtOnce) {
    engine_.volumes["runner-0123-data"] = {};
    engine_.containers["foreign"] = SimulatedEngine::Container{
        .name = "of-another-daemon",
        .body = {{"HostConfig", {{"Binds", {"runner-0123-data:/var/lib/docker"}}}}},
        .running = true,
        .exit_code = 0,
        .log = {},
        .written = {}};
    auto executor = make();
    ASSERT_TRUE(prepare(*executor));
    EXPECT_FALSE(mounts_data());
    EXPECT_TRUE(
        log_.has("Inner engine: cold, because the container of-another-daemon uses the data "
                 "of this slot"));
    end(*executor);
    auto& foreign = engine_.containers["foreign"];
    foreign.running = false;
    foreign.ended = true;
    auto next = make();
    ASSERT_TRUE(prepare(*next));
    EXPECT_TRUE(mounts_data()) << "a container that has ended holds nothing";
    end(*next);
}

TEST_P(KeptDataTest, TheEngineIsTidiedBeforeItsContainerEnds) {
    auto executor = make();
    ASSERT_TRUE(prepare(*executor));
    const auto before = engine_.requests.size();
    EXPECT_TRUE(tests::run_to_end(context_, executor->halt()));
    const Words asked(engine_.requests.begin() + static_cast<std::ptrdiff_t>(before),
                      engine_.requests.end());
    const auto at = [&](const std::string& ending) {
        return std::find_if(asked.begin(), asked.end(),
                            [&](const auto& request) { return request.ends_with(ending); }) -
               asked.begin();
    };
    EXPECT_LT(at("/exec"), at("/kill"));
    EXPECT_LT(at("/kill"), static_cast<std::ptrdiff_t>(asked.size()));
    EXPECT_TRUE(cleanup(*executor));
}

TEST_P(KeptDataTest, AFaultLeavesNothingButTheData) {
    const int count = [&] {
        auto executor = make();
        EXPECT_TRUE(prepare(*executor));
        const auto requests = static_cast<int>(engine_.requests.size());
        EXPECT_TRUE(cleanup(*executor));
        return requests;
    }();
    for (int number = 1; number <= count; number += 3) {
        start_engine();
        engine_.break_request(number, Fault::kRefused);
        auto executor = make();
        static_cast<void>(prepare(*executor));
        EXPECT_TRUE(cleanup(*executor)) << number;
        const std::string when = engine_.requests[static_cast<std::size_t>(number) - 1];
        engine_.volumes.erase("runner-0123-data");
        expect_clean(when);
    }
}

}  // namespace
}  // namespace executors::docker
