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
        options_.kept = "list";
        options_.list = options_.tmp + "/list";
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
    write(builds_ / "g/p.tmp/list");
    write(builds_ / "g/p/file");
    run_sources_command("begin", options_);
    EXPECT_EQ(tree(), (std::set<std::string>{"builds", "builds/g", "builds/g/p", "builds/g/p/file",
                                             "builds/g/p.tmp", "builds/g/p.tmp/list"}));
}

TEST_F(SourcesCommand, ReplacesLinksOnTheWayInAContainerOnly) {
    write(dir_.path() / "outside/p.tmp/kept/file");
    write(dir_.path() / "outside/p.tmp/list");
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

TEST_F(SourcesCommand, KeepsNoLinkInThePlaceOfTheList) {
    write(builds_ / "secret");
    fs::create_directories(options_.tmp);
    fs::create_symlink(builds_ / "secret", options_.list);
    run_sources_command("begin", options_);
    EXPECT_TRUE(fs::is_empty(options_.tmp));
    EXPECT_TRUE(fs::exists(builds_ / "secret"));
}

TEST_F(SourcesCommand, RemovesListedFilesOfTheProjectOnly) {
    const fs::path project = options_.project;
    write(dir_.path() / "outside/file");
    write(project / "file");
    write(project / "a/b/file");
    write(project / "directory/in/file");
    write(project / "kept");
    fs::create_directory_symlink(dir_.path() / "outside", project / "link");
    fs::create_symlink(dir_.path() / "outside/file", project / "file-link");
    std::string list;
    for (const std::string& name :
         {std::string("file"), std::string("a/b/file"), std::string("link/file"),
          std::string("file-link"), std::string("directory/in"), std::string("none/there"),
          std::string("../../../outside/file"), (dir_.path() / "outside/file").string(),
          std::string("link/../outside/file"), std::string("."), std::string("a/."),
          std::string(300, 'x'), std::string("/")}) {
        list += name + '\0';
    }
    write(options_.list, list);
    run_sources_command("remove-listed", options_);
    EXPECT_TRUE(fs::exists(dir_.path() / "outside/file"));
    EXPECT_TRUE(fs::exists(project / "kept"));
    EXPECT_TRUE(fs::exists(project / "directory/in/file"));
    EXPECT_FALSE(fs::exists(project / "file"));
    EXPECT_FALSE(fs::exists(project / "a/b/file"));
    EXPECT_FALSE(fs::exists(fs::symlink_status(project / "file-link")));
    EXPECT_FALSE(fs::exists(options_.list));
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
