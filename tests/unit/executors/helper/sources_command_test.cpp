#include "executors/helper/sources_command.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "executors/helper/posix.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

class SourcesCommand : public testing::Test {
  protected:
    void SetUp() override {
        builds_ = dir_.path() / "builds";
        options_.project = builds_ / "g/p";
        options_.tmp = builds_ / "g/p.tmp";
    }
    static void write(const fs::path& path, const std::string& text = "text") {
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    [[nodiscard]] std::set<std::string> tree() const {
        std::set<std::string> names;
        for (const auto& entry : fs::recursive_directory_iterator(dir_.path()))
            names.insert(entry.path().lexically_relative(dir_.path()).string());
        return names;
    }

    tests::TempDir dir_;
    fs::path builds_;
    SourcesOptions options_;
};

TEST_F(SourcesCommand, BeginsWithAnEmptyTemporaryDirectory) {
    run_sources_command("begin", options_);
    EXPECT_EQ(tree(), std::set<std::string>());
    write(builds_ / "g/p.tmp/git-template/hooks/post-checkout");
    write(builds_ / "g/p/file");
    run_sources_command("begin", options_);
    EXPECT_EQ(tree(), (std::set<std::string>{"builds", "builds/g", "builds/g/p", "builds/g/p/file",
                                             "builds/g/p.tmp"}));
}

TEST_F(SourcesCommand, BeginsWithoutCopiesOfMirrorsForFormerJobs) {
    options_.builds = builds_;
    write(builds_ / ".runner-git-mirror/pack/a");
    write(builds_ / ".runner-git-mirror.part/pack/a");
    write(builds_ / "g/p/file");
    options_.seed = builds_ / ".runner-git-mirror";
    run_sources_command("begin", options_);
    EXPECT_TRUE(fs::exists(builds_ / ".runner-git-mirror/pack/a")) << "it is for this job";
    options_.seed.clear();
    run_sources_command("begin", options_);
    EXPECT_EQ(tree(),
              (std::set<std::string>{"builds", "builds/g", "builds/g/p", "builds/g/p/file"}));
}

TEST_F(SourcesCommand, ReplacesLinksOnTheWayInAContainerOnly) {
    write(dir_.path() / "outside/p.tmp/kept/file");
    fs::create_directories(builds_);
    fs::create_directory_symlink(dir_.path() / "outside", builds_ / "g");
    options_.builds = builds_.string() + "/";
    run_sources_command("begin", options_);
    EXPECT_FALSE(fs::exists(fs::symlink_status(builds_ / "g")));
    EXPECT_TRUE(fs::exists(dir_.path() / "outside/p.tmp/kept/file"));
    fs::create_directory_symlink(dir_.path() / "outside", builds_ / "g");
    options_.builds.clear();
    run_sources_command("begin", options_);
    EXPECT_TRUE(fs::is_symlink(builds_ / "g"));
}

TEST_F(SourcesCommand, FollowsNoLinkInTheTemporaryDirectory) {
    write(builds_ / "secret");
    fs::create_directories(options_.tmp);
    fs::create_symlink(builds_ / "secret", options_.tmp + "/link");
    run_sources_command("begin", options_);
    EXPECT_TRUE(fs::is_empty(options_.tmp));
    EXPECT_TRUE(fs::exists(builds_ / "secret"));
}

TEST_F(SourcesCommand, RefusesWhatIsNoProject) {
    for (const char* path : {"", "/", "/builds/.."}) {
        options_.project = path;
        EXPECT_THROW(run_sources_command("remove", options_), Failure) << path;
    }
    options_.project = builds_ / "g/p";
    EXPECT_THROW(run_sources_command("unknown", options_), Failure);
}

}  // namespace
}  // namespace executors::helper
