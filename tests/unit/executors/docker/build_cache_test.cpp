#include "executors/docker/build_cache.hpp"

#include <gtest/gtest.h>
#include <toml++/toml.h>

#include "base/json.hpp"

namespace executors::docker {
namespace {

constexpr std::int64_t kShare = std::int64_t{20} << 30U;

TEST(BuildCache, HasTheShareOfItsSlot) {
    const auto merged = merge_buildkitd_toml({}, {builder_cache_rules(kShare)});
    ASSERT_TRUE(merged) << merged.error().message;
    const toml::table file = toml::parse(*merged);
    const auto worker = file["worker"]["oci"];
    EXPECT_EQ(worker["maxUsedSpace"].value<std::int64_t>(), kShare);
    EXPECT_EQ(worker["reservedSpace"].value<std::int64_t>(), kShare / 2);
    EXPECT_EQ(worker["minFreeSpace"].value<std::string>(), "10%");
    EXPECT_EQ(worker["gc"].value<bool>(), true);
    EXPECT_EQ(file["history"]["maxEntries"].value<int>(), 50);
    EXPECT_FALSE(worker["gckeepstorage"]) << "its unit depends on the version";
}

TEST(BuildCache, YieldsToAFileOfTheUser) {
    const ConfigSource theirs{"theirs", "[worker.oci]\ngc = false\nmaxUsedSpace = \"1GB\"\n"};
    const auto merged = merge_buildkitd_toml({}, {builder_cache_rules(kShare), theirs});
    ASSERT_TRUE(merged) << merged.error().message;
    const toml::table file = toml::parse(*merged);
    EXPECT_EQ(file["worker"]["oci"]["gc"].value<bool>(), false);
    EXPECT_EQ(file["worker"]["oci"]["maxUsedSpace"].value<std::string>(), "1GB");
    const ConfigSource daemon{"theirs", R"({"builder": {"gc": {"enabled": false}}, "mtu": 7})"};
    const auto engine = merge_daemon_json({}, 0, {}, {engine_cache_rules(kShare), daemon});
    ASSERT_TRUE(engine) << engine.error().message;
    const auto rules = nlohmann::json::parse(*engine)["builder"]["gc"];
    EXPECT_EQ(rules["enabled"], false);
    EXPECT_EQ(rules["defaultKeepStorage"], std::to_string(kShare));
    EXPECT_EQ(rules["defaultMaxUsedSpace"], std::to_string(kShare));
    EXPECT_EQ(rules["defaultReservedSpace"], std::to_string(kShare / 2));
}

TEST(BuildCache, HasNoRulesWithoutAShare) {
    EXPECT_EQ(*merge_buildkitd_toml({}, {builder_cache_rules(0)}), "");
    EXPECT_EQ(*merge_daemon_json({}, 0, {}, {engine_cache_rules(-1)}), "");
}

}  // namespace
}  // namespace executors::docker
