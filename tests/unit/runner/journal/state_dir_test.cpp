#include "runner/journal/state_dir.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.hpp"

namespace {

using runner::journal::StateDir;

TEST(StateDir, BelongsToOneDaemonAtATime) {
    const tests::TempDir dir;
    {
        auto first = StateDir::acquire(dir.path() / "state");
        ASSERT_TRUE(first);
        auto second = StateDir::acquire(dir.path() / "state");
        ASSERT_FALSE(second);
        EXPECT_TRUE(second.error().is(base::ErrorKind::kConflict));
        EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
    }
    EXPECT_TRUE(StateDir::acquire(dir.path() / "state"));
}

TEST(StateDir, WaitsForAProgramThatHasNotClosedTheLockYet) {
    const tests::TempDir dir;
    pid_t child = -1;
    {
        auto first = StateDir::acquire(dir.path() / "state");
        ASSERT_TRUE(first);
        child = ::fork();
        if (child == 0) {
            ::usleep(100'000);
            ::_exit(0);
        }
    }
    EXPECT_TRUE(StateDir::acquire(dir.path() / "state"));
    ::waitpid(child, nullptr, 0);
}

TEST(StateDir, IsPrivateEvenWhenItWasNot) {
    const tests::TempDir dir;
    std::filesystem::create_directory(dir.path() / "state");
    ::chmod((dir.path() / "state").c_str(), 0755);
    ASSERT_TRUE(StateDir::acquire(dir.path() / "state"));
    struct stat about {};
    ASSERT_EQ(::stat((dir.path() / "state").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0700U);
}

TEST(StateDir, ADirectoryThatCannotBeMadeIsNamedWithTheRemedy) {
    const tests::TempDir dir;
    ASSERT_TRUE(base::write_file_atomic(dir.path() / "file", "", 0600));
    const auto state = StateDir::acquire(dir.path() / "file" / "state");
    ASSERT_FALSE(state);
    EXPECT_NE(state.error().message.find((dir.path() / "file" / "state").string()),
              std::string::npos);
    EXPECT_NE(state.error().message.find("STATE_DIRECTORY"), std::string::npos);
}

TEST(StateDir, IsBesideTheConfigurationUnlessTheEnvironmentNamesIt) {
    ::unsetenv("STATE_DIRECTORY");
    EXPECT_EQ(runner::journal::state_directory_for("/home/u/config.toml"), "/home/u/.runner-state");
    EXPECT_EQ(runner::journal::state_directory_for("/etc/gitlab-runner/config.toml"),
              "/var/lib/runner");
    ::setenv("STATE_DIRECTORY", "/var/lib/other:/x", 1);
    EXPECT_EQ(runner::journal::state_directory_for("/home/u/config.toml"), "/var/lib/other");
    ::unsetenv("STATE_DIRECTORY");
}

}  // namespace
