#include "runner/script/cache_key.hpp"

#include <gtest/gtest.h>

namespace runner::script {
namespace {

struct Case {
    const char* raw;
    const char* key;
    bool changed;
};

class CacheKeys : public testing::TestWithParam<Case> {};

TEST_P(CacheKeys, StayBelowTheirProject) {
    const CacheKey made = cache_key(GetParam().raw, false);
    EXPECT_EQ(made.key, GetParam().key);
    EXPECT_EQ(!made.warning.empty(), GetParam().changed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CacheKeys,
    testing::Values(Case{"deps", "deps", false}, Case{"a/b-c_d.e", "a/b-c_d.e", false},
                    Case{"../../43/x", "43/x", true}, Case{"..%2f..%2F43", "43", true},
                    Case{"%2e%2E/x", "x", true}, Case{"a\\b", "a/b", true},
                    Case{"/a//b/", "a/b", true}, Case{"a/../..", "", true}, Case{"a  ", "a", true},
                    Case{"a/ ", "a", true}, Case{".", "", true}, Case{"%2", "%2", false},
                    Case{"50%", "50%", false}));

TEST(CacheKey, WarnsOfAChange) {
    EXPECT_EQ(cache_key("../x", false).warning, "cache key \"../x\" sanitized to \"x\"");
}

TEST(CacheKey, IsNotCleanedWhenItIsHashed) {
    const CacheKey made = cache_key("../x", true);
    EXPECT_EQ(made.key, "d6b96a97d147daaae49eb87a5ca7bfbc280e79551016df8aa5edc5920d21c274");
    EXPECT_EQ(made.warning, "");
}

}  // namespace
}  // namespace runner::script
