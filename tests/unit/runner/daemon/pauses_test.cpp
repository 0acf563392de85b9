#include "runner/daemon/pauses.hpp"

#include <gmock/gmock.h>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PauseSet, HasNamesOrAll) {
    const PauseSet some{false, false, {"a"}};
    EXPECT_TRUE(some.has("a"));
    EXPECT_FALSE(some.has("b"));
    const PauseSet all{true, false, {}};
    EXPECT_TRUE(all.has("b"));
}

TEST(PauseSet, WithoutOneOfAllKeepsTheOthers) {
    const PauseSet all{true, true, {}};
    const PauseSet rest = without(all, "a", {"a", "b", "c"});
    EXPECT_FALSE(rest.all);
    EXPECT_FALSE(rest.draining);
    EXPECT_THAT(rest.names, ElementsAre("b", "c"));
    EXPECT_THAT(without({false, false, {"a", "b"}}, "a", {"a", "b", "c"}).names, ElementsAre("b"));
}

TEST(Pauses, SurviveTheDaemon) {
    const tests::TempDir dir;
    Pauses first(dir.path());
    ASSERT_TRUE(first.read());
    EXPECT_EQ(first.now(), PauseSet());
    ASSERT_TRUE(first.change_to({true, true, {"b", "a"}}));
    Pauses second(dir.path());
    ASSERT_TRUE(second.read());
    EXPECT_EQ(second.now(), first.now());
    EXPECT_THAT(second.now().names, ElementsAre("a", "b"));
}

TEST(Pauses, NameADamagedFileAndPauseEverything) {
    const tests::TempDir dir;
    for (const char* text : {"", "{", "[]", R"({"all":1})"}) {
        ASSERT_TRUE(base::write_file_atomic(dir.path() / "paused.json", text, 0600));
        Pauses pauses(dir.path());
        const auto read = pauses.read();
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().message, testing::HasSubstr("paused.json")) << text;
        EXPECT_EQ(pauses.now(), PauseSet({true, false, {}})) << text;
        ASSERT_TRUE(pauses.change_to({})) << "a resume mends the file";
        EXPECT_TRUE(pauses.read()) << text;
        EXPECT_EQ(pauses.now(), PauseSet()) << text;
    }
}

TEST(Pauses, WhatCannotBeReadPausesEverythingToo) {
    const tests::TempDir dir;
    std::filesystem::create_directory(dir.path() / "paused.json");
    Pauses pauses(dir.path());
    EXPECT_FALSE(pauses.read());
    EXPECT_EQ(pauses.now(), PauseSet({true, false, {}}));
}

TEST(Pauses, AChangeThatCannotBeSavedHasNoEffect) {
    const tests::TempDir dir;
    Pauses pauses(dir.path() / "missing");
    EXPECT_FALSE(pauses.change_to({true, false, {}}));
    EXPECT_FALSE(pauses.now().all);
    pauses.change_without_saving({true, false, {}});
    EXPECT_TRUE(pauses.now().all);
    pauses.change_without_saving({});
    EXPECT_FALSE(pauses.now().all);
}

}  // namespace
}  // namespace runner::daemon
