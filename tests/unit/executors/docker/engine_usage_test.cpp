#include "executors/docker/engine_usage.hpp"

#include <gmock/gmock.h>

namespace executors::docker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Log final : public UsageLog {
  public:
    void volume_used(const std::string& engine, const std::string& volume) override {
        lines.push_back(engine + ": " + volume);
    }
    void image_used(const std::string& engine, const std::string& image_id) override {
        lines.push_back(engine + ": " + image_id);
    }
    void image_pulled(const std::string& engine, const std::string& image_id,
                      const std::string& name) override {
        lines.push_back(engine + ": " + image_id + " is " + name);
    }
    std::vector<std::string> lines;
};

TEST(EngineUsage, RecordsTheBeginAndTheEndOfEachUse) {
    const auto log = std::make_shared<Log>();
    EngineUsage usage;
    usage.record_to(log);
    usage.set_engine("e");
    usage.use_volume("job 1", "v");
    usage.use_volume("job 1", "v");
    usage.use_image("job 1", "i");
    EXPECT_THAT(log->lines, ElementsAre("e: v", "e: i"));
    usage.release("job 1");
    usage.release("job 1");
    EXPECT_THAT(log->lines, ElementsAre("e: v", "e: i", "e: v", "e: i"));
}

TEST(EngineUsage, HoldsWhatJobsUseByAnotherAddressOfTheEngine) {
    const auto all = std::make_shared<EngineUsage::ByEngine>();
    EngineUsage here;
    EngineUsage there;
    EngineUsage elsewhere;
    for (EngineUsage* each : {&here, &there, &elsewhere}) each->share(all);
    here.use_volume("job 1", "before the engine is known");
    there.set_engine("e");
    here.set_engine("e");
    elsewhere.set_engine("other");
    there.use_image("job 2", "i");
    EXPECT_TRUE(there.holds_volume("before the engine is known"));
    EXPECT_TRUE(here.holds_image("i"));
    EXPECT_FALSE(elsewhere.holds_image("i"));
    here.release("job 1");
    EXPECT_FALSE(there.holds_volume("before the engine is known"));
}

TEST(EngineUsage, HoldsWhatAnyJobUses) {
    EngineUsage usage;
    usage.use_volume("job 1", "v");
    usage.use_volume("job 2", "v");
    usage.use_image("job 2", "i");
    usage.release("job 1");
    EXPECT_TRUE(usage.holds_volume("v"));
    EXPECT_TRUE(usage.holds_image("i"));
    EXPECT_FALSE(usage.holds_image("v"));
    usage.release("job 2");
    EXPECT_FALSE(usage.holds_volume("v"));
    EXPECT_FALSE(usage.holds_image("i"));
}

TEST(EngineUsage, RecordsNothingOfAnEngineThatIsNotKnown) {
    const auto log = std::make_shared<Log>();
    EngineUsage usage;
    usage.record_to(log);
    usage.use_volume("job 1", "v");
    usage.note_pull("i", "alpine");
    EXPECT_THAT(log->lines, IsEmpty());
    usage.set_engine("e");
    usage.note_pull("i", "alpine");
    usage.note_pull("i", "sha256:" + std::string(64, 'a'));
    EXPECT_THAT(log->lines, ElementsAre("e: i is docker.io/library/alpine:latest"));
}

TEST(CanonicalImageName, IsTheSameForAllSpellings) {
    for (const char* name : {"alpine", "alpine:latest", "library/alpine", "docker.io/alpine",
                             "docker.io/library/alpine:latest"}) {
        EXPECT_EQ(canonical_image_name(name), "docker.io/library/alpine:latest") << name;
    }
    EXPECT_EQ(canonical_image_name("r.example.com:5000/a/b:1"), "r.example.com:5000/a/b:1");
    EXPECT_EQ(canonical_image_name("not a name"), "");
}

}  // namespace
}  // namespace executors::docker
