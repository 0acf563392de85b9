#include "runner/script/clean_without_git.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using runner::script::CleanFlags;
using runner::script::read_clean_flags;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(CleanFlags, RemoveAllFilesOnlyWithDirectoriesAndIgnoredOnes) {
    for (const char* flags : {"", "-ffdx", "-d -x", "-fxd --quiet --force"}) {
        EXPECT_TRUE(read_clean_flags(flags).all) << flags;
    }
    for (const char* flags : {"none", "-ffd", "-ffx", "-ffdX", "-ffdx path", "-ffdx --dry-run"}) {
        EXPECT_FALSE(read_clean_flags(flags).all) << flags;
    }
}

TEST(CleanFlags, NameTheirExclusionsInEveryForm) {
    const CleanFlags flags = read_clean_flags("-ffdxe a -e b -ec --exclude d --exclude=e -fe f");
    EXPECT_THAT(flags.exclude, ElementsAre("a", "b", "c", "d", "e", "f"));
    EXPECT_TRUE(flags.all);
    EXPECT_THAT(read_clean_flags("none").exclude, IsEmpty());
}

}  // namespace
