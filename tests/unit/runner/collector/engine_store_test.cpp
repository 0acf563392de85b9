#include "runner/collector/engine_store.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <algorithm>
#include <fstream>

#include "executors/docker/container_paths.hpp"
#include "runner/collector/collect.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_engine.hpp"

namespace runner::collector {
namespace {

namespace docker = executors::docker;
using base::ErrorKind;
using docker::SimulatedEngine;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kProbe =
    R"(runner-probe {"probe":"disk","place":"","disks":[{"path":"/.runner","total_bytes":1000,)"
    R"("free_bytes":90,"total_inodes":10,"free_inodes":9}]})";

class EngineStoreTest : public testing::Test {
  protected:
    void make(bool local) {
        auto connection = std::make_shared<docker::EngineConnection>(
            context_.get_executor(), docker::simulated_api(engine_, local),
            (state_.path() / "helper").string());
        std::ofstream(state_.path() / "helper") << "a program";
        connection->usage().record_to(record_);
        usage_ = &connection->usage();
        store_.emplace(connection, record_, "s_me", std::set<std::string>{"mine"});
    }
    void add_volume(const std::string& name, const std::string& system_id = "s_me",
                    const std::string& runner = "mine") {
        engine_.volumes[name] = {{"Name", name},
                                 {"Labels",
                                  {{"com.gitlab.gitlab-runner.managed", "true"},
                                   {"com.gitlab.gitlab-runner.runner.system_id", system_id},
                                   {"com.gitlab.gitlab-runner.runner.id", runner},
                                   {"com.gitlab.gitlab-runner.reusable", "true"},
                                   {"com.gitlab.gitlab-runner.type", "data"},
                                   {"com.gitlab.gitlab-runner.project.id", "7"}}}};
    }
    PlaceReport collect_all() {
        const Wish wish{.all = true, .by_hand = true};
        return tests::run_to_end(context_, collect(*store_, Marks{}, wish, nullptr));
    }
    /// That the runner has pulled.
    Item image(std::vector<std::string> names) {
        make(true);
        usage_->set_engine("engine-id");
        record_->image_pulled("engine-id", "sha256:1", "docker.io/library/app:1");
        for (const auto& name : names) {
            engine_.add_image(name);
            engine_.images[name]["Id"] = "sha256:1";
        }
        Item item;
        item.kind = ItemKind::kImage;
        item.name = "sha256:1";
        item.names = std::move(names);
        return item;
    }
    /// Why it is kept, "" when it is removed.
    std::string removal(const Item& item) {
        const auto removed = tests::run_to_end(context_, store_->remove(item));
        if (removed) return {};
        EXPECT_EQ(removed.error().kind, ErrorKind::kConflict);
        return removed.error().message;
    }
    [[nodiscard]] std::vector<std::string> left() const {
        std::vector<std::string> names;
        for (const auto& [name, body] : engine_.volumes) names.push_back(name);
        return names;
    }

    tests::TempDir state_;
    boost::asio::io_context context_{1};
    SimulatedEngine engine_;
    std::shared_ptr<UsageRecord> record_ = std::make_shared<UsageRecord>(state_.path());
    docker::EngineUsage* usage_ = nullptr;
    std::optional<EngineStore> store_;
};

TEST_F(EngineStoreTest, RemovesVolumesOfThisDaemonAndNotThoseOfAnother) {
    make(true);
    add_volume("mine");
    add_volume("of-another-daemon", "s_me", "other");
    add_volume("of-another-machine", "s_other");
    engine_.volumes["of-a-person"] = {{"Name", "of-a-person"}};
    record_->volume_used("engine-id", "mine");
    const auto report = collect_all();
    EXPECT_EQ(report.removed, 0U) << "it was used just now";
    std::filesystem::last_write_time(
        state_.path() / "used" / "engine-id" / "volumes" / "mine",
        std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    EXPECT_EQ(collect_all().removed, 1U);
    EXPECT_THAT(left(), ElementsAre("of-a-person", "of-another-daemon", "of-another-machine"));
    EXPECT_THAT(record_->volumes("engine-id"), IsEmpty());
}

TEST_F(EngineStoreTest, PassesOverWhatAContainerOrARunningJobUses) {
    make(true);
    add_volume("mounted");
    add_volume("held");
    engine_.containers["c"] =
        SimulatedEngine::Container{.name = "job",
                                   .body = {{"HostConfig", {{"Binds", {"mounted:/builds"}}}}},
                                   .running = false,
                                   .exit_code = 0,
                                   .log = {},
                                   .written = {}};
    usage_->use_volume("job-1", "held");
    auto report = collect_all();
    EXPECT_EQ(report.removed, 0U);
    EXPECT_EQ(report.rows[0].reason, "a running job uses it");
    EXPECT_EQ(report.rows[1].reason, "container job uses it");
    usage_->release("job-1");
    EXPECT_EQ(collect_all().removed, 0U) << "the end of the job is a use";
}

TEST_F(EngineStoreTest, RefusesToRemoveWhatAJobHasTakenSinceTheList) {
    make(true);
    usage_->use_volume("job-1", "volume");
    usage_->use_image("job-1", "sha256:1");
    Item item;
    item.name = "volume";
    const auto volume = tests::run_to_end(context_, store_->remove(item));
    ASSERT_FALSE(volume.has_value());
    EXPECT_EQ(volume.error().kind, ErrorKind::kConflict);
    item.kind = ItemKind::kImage;
    item.name = "sha256:1";
    item.names = {"a:1"};
    EXPECT_FALSE(tests::run_to_end(context_, store_->remove(item)).has_value());
    EXPECT_THAT(engine_.requests, IsEmpty());
}

TEST_F(EngineStoreTest, RemovesAnImageByAllItsNames) {
    const Item item = image({"app:1", "other@sha256:d"});
    EXPECT_EQ(removal(item), "");
    EXPECT_THAT(engine_.images, IsEmpty());
    EXPECT_THAT(record_->images("engine-id"), IsEmpty());
}

TEST_F(EngineStoreTest, LeavesAnImageThatTookTheNameSinceTheList) {
    const Item item = image({"app:1"});
    engine_.images["app:1"]["Id"] = "built since";
    EXPECT_EQ(removal(item), "app:1 is another image now");
    EXPECT_TRUE(engine_.images.contains("app:1"));
}

TEST_F(EngineStoreTest, LeavesAnImageThatGotAnotherNameSinceTheList) {
    const Item item = image({"app:1"});
    engine_.images["app:1"]["RepoTags"] = {"app:1", "mine:1"};
    EXPECT_EQ(removal(item), "it has another name now: mine:1");
    EXPECT_TRUE(engine_.images.contains("app:1"));
}

TEST_F(EngineStoreTest, DoesNotSayThatAnImageIsGoneThatLostItsNames) {
    const Item item = image({"app:1"});
    engine_.parents = {"sha256:1"};
    EXPECT_THAT(removal(item), testing::HasSubstr("its names are removed, and the image is not"));
    EXPECT_THAT(record_->images("engine-id"), testing::SizeIs(1));
}

TEST_F(EngineStoreTest, ForgetsWhatSomebodyElseHasRemoved) {
    make(true);
    add_volume("there");
    for (const char* name : {"there", "gone", "being-made"}) {
        record_->volume_used("engine-id", name);
    }
    record_->image_pulled("engine-id", "sha256:gone", "docker.io/library/app:1");
    usage_->use_volume("job-1", "being-made");
    ASSERT_TRUE(tests::run_to_end(context_, store_->list()).has_value());
    EXPECT_THAT(record_->volumes("engine-id"),
                UnorderedElementsAre(testing::Key("there"), testing::Key("being-made")));
    EXPECT_THAT(record_->images("engine-id"), IsEmpty());
}

TEST_F(EngineStoreTest, MeasuresALocalEnginesDirectory) {
    make(true);
    engine_.root_directory = state_.path().string();
    const auto disk = tests::run_to_end(context_, store_->measure());
    ASSERT_TRUE(disk.has_value()) << disk.error().message;
    EXPECT_EQ(disk->path, state_.path().string());
    EXPECT_GT(disk->size_bytes, 0U);
}

/// A job could have put another program in the place of the one that answers.
TEST_F(EngineStoreTest, MeasuresAnEngineElsewhereInAContainerWithoutAJob) {
    make(false);
    engine_.root_directory = "/data/docker";
    const auto unknown = tests::run_to_end(context_, store_->measure());
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().kind, ErrorKind::kUnavailable) << "there is no image";
    engine_.containers["c"] = SimulatedEngine::Container{
        .name = "job",
        .body = {{"Labels",
                  {{"com.gitlab.gitlab-runner.managed", "true"},
                   {"com.gitlab.gitlab-runner.runner.system_id", "s_me"}}},
                 {"HostConfig", {{"Binds", {"runner-helper-1-abc:/.runner:ro"}}}}},
        .running = true,
        .exit_code = 0,
        .log = {},
        .written = {}};
    engine_.add_image("app");
    engine_.short_lived = {"id-of-app"};
    nlohmann::json body;
    engine_.on_start = [&body](SimulatedEngine::Container& container) {
        body = container.body;
        container.log = docker::exec_frame('1', std::string(kProbe) + "\n");
    };
    const auto disk = tests::run_to_end(context_, store_->measure());
    ASSERT_TRUE(disk.has_value()) << disk.error().message;
    EXPECT_EQ(disk->path, "/data/docker");
    EXPECT_EQ(disk->free_bytes, 90U);
    EXPECT_EQ(disk->free_inodes, 9U);
    EXPECT_EQ(body["Entrypoint"][0], docker::kHelper);
    EXPECT_EQ(body["Healthcheck"]["Test"][0], "NONE") << "it would run a program of the image";
    EXPECT_EQ(engine_.containers.size(), 1U) << "only the job's is left";
    EXPECT_EQ(std::count(engine_.requests.begin(), engine_.requests.end(),
                         "POST /v1.45/containers/c/exec"),
              0);
    EXPECT_EQ(store_->interval(), std::chrono::seconds(60));
}

TEST_F(EngineStoreTest, LeavesNoContainerWhenItCannotMeasure) {
    make(false);
    engine_.add_image("app");
    engine_.short_lived = {"id-of-app"};
    const auto disk = tests::run_to_end(context_, store_->measure());
    ASSERT_FALSE(disk.has_value()) << "the container has said nothing";
    EXPECT_THAT(engine_.containers, IsEmpty());
}

TEST(DiskProbe, RefusesWhatIsNoAnswer) {
    EXPECT_TRUE(parse_disk_probe(kProbe, "/d").has_value());
    for (const char* text :
         {"", "runner-probe", "runner-probe {}", "runner-probe {\"disks\":[]}",
          "runner-probe {\"disks\":[{\"error\":\"x\"}]}", "runner-probe {\"disks\":[7]}"}) {
        const auto disk = parse_disk_probe(text, "/d");
        ASSERT_FALSE(disk.has_value()) << text;
        EXPECT_EQ(disk.error().kind, ErrorKind::kProtocol);
    }
}

}  // namespace
}  // namespace runner::collector
