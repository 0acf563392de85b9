#include "runner/collector/engine_items.hpp"

#include <gmock/gmock.h>

namespace runner::collector {
namespace {

using executors::docker::Listed;
using executors::docker::ListedImage;
using testing::ElementsAre;
using testing::IsEmpty;

std::string label(const std::string& name) { return "com.gitlab.gitlab-runner." + name; }

/// A cache volume of this machine's runner.
Listed volume(const std::string& name) {
    Listed made;
    made.name = name;
    made.created = 5;
    made.labels = {{label("managed"), "true"},   {label("runner.system_id"), "s_me"},
                   {label("reusable"), "true"},  {label("type"), "cache"},
                   {label("project.id"), "7"},   {label("destination"), "/builds"},
                   {label("protected"), "true"}, {label("runner.id"), "mine"}};
    return made;
}

ListedImage image(const std::string& id, std::vector<std::string> tags) {
    ListedImage made;
    made.id = id;
    made.tags = std::move(tags);
    made.bytes = 10;
    return made;
}

class EngineItemsTest : public testing::Test {
  protected:
    EngineItemsTest() {
        known_.system_id = "s_me";
        known_.runners = {"mine"};
        known_.holds_volume = [this](const std::string& name) { return name == held_; };
        known_.holds_image = [this](const std::string& id) { return id == held_; };
    }
    std::vector<Item> items() { return items_on_engine(content_, known_); }
    /// "name: why it is kept" of each.
    std::vector<std::string> described() {
        std::vector<std::string> all;
        for (const Item& item : items()) all.push_back(item.name + ": " + item.kept);
        return all;
    }

    EngineContent content_;
    EngineKnowledge known_;
    std::string held_;
};

TEST_F(EngineItemsTest, FindsVolumesThatOutliveJobs) {
    content_.volumes = {volume("mine"), volume("used")};
    known_.used_volumes["used"] = 77;
    const auto found = items();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].title, "cache of project 7 (/builds), protected");
    EXPECT_EQ(found[0].last_used_unix_micros, 5'000'000) << "its creation";
    EXPECT_EQ(found[1].last_used_unix_micros, 77);
    EXPECT_FALSE(found[0].outdated);
}

TEST_F(EngineItemsTest, LeavesWhatIsNotOfThisMachinesRunner) {
    for (const char* name : {"managed", "runner.system_id", "runner.id", "reusable"}) {
        for (const char* value : {"", "other"}) {
            Listed changed = volume(std::string(name) + value);
            changed.labels[label(name)] = value;
            content_.volumes.push_back(changed);
        }
    }
    Listed plain;
    plain.name = "of somebody";
    content_.volumes.push_back(plain);
    content_.images = {image("sha256:1", {"alpine:3"})};
    EXPECT_THAT(described(), IsEmpty());
    known_.system_id = "";
    content_.volumes = {volume("mine")};
    content_.volumes[0].labels[label("runner.system_id")] = "";
    EXPECT_THAT(described(), IsEmpty()) << "an id that is not known is nobody's";
}

TEST_F(EngineItemsTest, KnowsVolumesOfARunnerThatIsGoneByTheirUse) {
    content_.volumes = {volume("used here"), volume("of another daemon of this machine")};
    for (auto& each : content_.volumes) each.labels[label("runner.id")] = "gone";
    known_.used_volumes["used here"] = 1;
    EXPECT_THAT(described(), ElementsAre("used here: "));
    content_.volumes[0].labels[label("runner.system_id")] = "s_other";
    EXPECT_THAT(described(), IsEmpty()) << "a name alone is no proof";
}

TEST_F(EngineItemsTest, SaysWhoUsesWhat) {
    content_.volumes = {volume("mounted"), volume("held"), volume("free")};
    Listed container;
    container.name = "postgres";
    container.image = "sha256:2";
    container.volumes = {"mounted"};
    content_.containers = {container};
    content_.images = {image("sha256:2", {"postgres:16"})};
    known_.pulled_images["sha256:2"] = {.names = {"docker.io/library/postgres:16"}};
    held_ = "held";
    EXPECT_THAT(described(),
                ElementsAre("mounted: container postgres uses it", "held: a running job uses it",
                            "free: ", "sha256:2: container postgres uses it"));
}

TEST_F(EngineItemsTest, TakesProgramsOfFormerVersionsThatThisRunnerHasUsed) {
    for (const char* name : {"runner-helper-1", "runner-helper-2", "runner-helper-of-another"}) {
        Listed helper;
        helper.name = name;
        helper.labels["runner.helper"] = "1.0";
        content_.volumes.push_back(helper);
    }
    known_.used_volumes = {{"runner-helper-1", 10}, {"runner-helper-2", 20}};
    const auto found = items();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].name, "runner-helper-1");
    EXPECT_TRUE(found[0].outdated);
    EXPECT_EQ(found[0].title, "programs of runner 1.0");
    Listed filled = content_.volumes[0];
    filled.name = "runner-builder-1";
    filled.labels[label("type")] = "builder-image";
    content_.volumes = {filled, content_.volumes[1]};
    known_.used_volumes["runner-builder-1"] = 30;
    EXPECT_THAT(described(), ElementsAre("runner-builder-1: "));
    EXPECT_FALSE(items()[0].outdated) << "beside the programs, which jobs have now";
}

TEST_F(EngineItemsTest, TakesImagesThatTheRunnerHasPulledUnderAllTheirNames) {
    known_.pulled_images["sha256:1"] = {.names = {"docker.io/library/alpine:3"},
                                        .last_used_unix_micros = 9};
    known_.pulled_images["sha256:2"] = {.names = {"r.example.com:5000/app:latest"}};
    known_.pulled_images["sha256:3"] = {.names = {"docker.io/library/alpine:3"}};
    content_.images = {image("sha256:1", {"alpine:3"}),
                       image("sha256:2", {"r.example.com:5000/app:latest", "mine:1"}),
                       image("sha256:3", {})};
    EXPECT_THAT(
        described(),
        ElementsAre("sha256:1: ", "sha256:2: not only the runner has it: mine:1", "sha256:3: "));
    EXPECT_EQ(items()[0].last_used_unix_micros, 9);
    EXPECT_EQ(items()[2].title, "former docker.io/library/alpine:3");
}

TEST_F(EngineItemsTest, KeepsImagesThatSomebodyElsePulledByDigestOrBuiltOn) {
    const std::string digest = "sha256:" + std::string(64, 'd');
    for (const char* id : {"sha256:1", "sha256:2", "sha256:3"})
        known_.pulled_images[id] = {.names = {"docker.io/library/app:1"}};
    content_.images = {image("sha256:1", {"app:1"}), image("sha256:2", {}), image("sha256:3", {}),
                       image("sha256:child", {"child:1"})};
    content_.images[0].digests = {"app@" + digest};
    content_.images[1].digests = {"app@" + digest, "r.example.com/app@" + digest};
    content_.images[3].parent = "sha256:3";
    EXPECT_THAT(described(),
                ElementsAre("sha256:1: ",
                            "sha256:2: not only the runner has it: r.example.com/app@" + digest,
                            "sha256:3: another image is built on it: child:1"));
}

TEST_F(EngineItemsTest, NamesImagesByDigestUnlessATagIsLost) {
    const std::string digest = "@sha256:" + std::string(64, 'a');
    known_.pulled_images["sha256:1"] = {
        .names = {"docker.io/library/app" + digest, "r.example.com/app" + digest}};
    known_.pulled_images["sha256:2"] = {.names = {"docker.io/library/app:1"}};
    content_.images = {image("sha256:1", {}), image("sha256:2", {})};
    content_.images[0].digests = {"app" + digest, "r.example.com/app" + digest};
    content_.images[1].digests = {"app" + digest};
    const auto found = items();
    EXPECT_EQ(found[0].title, "app" + digest + ", r.example.com/app" + digest);
    EXPECT_THAT(found[0].names, ElementsAre("app" + digest, "r.example.com/app" + digest));
    EXPECT_EQ(found[0].kept, "");
    EXPECT_EQ(found[1].title, "former docker.io/library/app:1");
}

}  // namespace
}  // namespace runner::collector
