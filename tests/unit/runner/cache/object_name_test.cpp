#include "runner/cache/object_name.hpp"

#include <gtest/gtest.h>

namespace {

using runner::cache::object_name;
using runner::config::CacheSettings;

struct Case {
    const char* path;
    bool shared;
    const char* key;
    bool hashed;
    const char* name;
};

TEST(ObjectName, IsTheOfficialOne) {
    const Case cases[] = {
        {"", false, "deps-protected", false, "runner/abc123def/project/42/deps-protected"},
        {"", true, "deps-non_protected", false, "project/42/deps-non_protected"},
        {"team/ci", false, "a/b", false, "team/ci/runner/abc123def/project/42/a/b"},
        {"team/ci/", true, "a", false, "team/ci/project/42/a"},
        {"./x/../y//", true, "a", false, "y/project/42/a"},
        {"", true, "a b+c", false, "project/42/a b+c"},
        {"", true, "d03a", true, "project/42/d0/d03a"},
        {"p", false, "d03a", true, "p/runner/abc123def/project/42/d0/d03a"},
    };
    for (const Case& c : cases) {
        CacheSettings settings;
        settings.path = c.path;
        settings.shared = c.shared;
        EXPECT_EQ(object_name(settings, "abc123def", 42, c.key, c.hashed), c.name);
    }
}

TEST(ObjectName, StaysInTheProject) {
    const CacheSettings settings;
    for (const char* key : {"", "..", "../43/x", "a/../../43/x", ".", "a/.."})
        EXPECT_EQ(object_name(settings, "s", 42, key, false), "") << key;
}

}  // namespace
