#include "executors/docker/git_version.hpp"

#include <gtest/gtest.h>

namespace executors::docker {
namespace {

TEST(GitVersion, IsReadFromWhatGitPrints) {
    struct Row {
        const char* output;
        const char* text;
        bool new_enough;
    };
    const Row rows[] = {
        {"git version 2.39.5\n", "2.39.5", true},
        {"git version 2.31.0", "2.31.0", true},
        {"git version 2.30.2\n", "2.30.2", false},
        {"git version 1.8.3.1\n", "1.8.3.1", false},
        {"git version 3.0.rc1\r\n", "3.0.rc1", true},
        {"git version 2.39.2 (Apple Git-143)\n", "2.39.2", true},
        {"git version 2.52.GIT\n", "2.52.GIT", true},
        {"git version unknown\n", "", false},
        {"sh: git: not found\n", "", false},
        {"", "", false},
    };
    for (const auto& row : rows) {
        const GitVersion version = parse_git_version(row.output);
        EXPECT_EQ(version.text, row.text) << row.output;
        EXPECT_EQ(version.is_new_enough(), row.new_enough) << row.output;
    }
}

}  // namespace
}  // namespace executors::docker
