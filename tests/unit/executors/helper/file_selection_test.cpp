#include "executors/helper/file_selection.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/unit/executors/helper/archive_fixture.hpp"

namespace executors::helper {
namespace {

using FileSelection = Archives;

TEST_F(FileSelection, TakesAllThatIsInADirectory) {
    EXPECT_EQ(names(select({"out/"})),
              "out out/a.txt out/link out/sub out/sub/.hidden out/sub/b.log ");
    EXPECT_EQ(lines_.front(), "out/: found 6 matching artifact files and directories");
}

TEST_F(FileSelection, SelectsAndExcludesByGlobs) {
    EXPECT_EQ(names(select({"**/*.log"})), "out/sub/b.log top.log ");
    EXPECT_EQ(names(select({"*.log"})), "top.log ");
    EXPECT_EQ(names(select({"out/*"})),
              "out/a.txt out/link out/sub out/sub/.hidden out/sub/b.log ");
    EXPECT_EQ(names(select({"out"}, {"out/**/*.log", "out/sub"})),
              "out out/a.txt out/link out/sub/.hidden ");
    EXPECT_EQ(names(select({project_.string() + "/top.log"})), "top.log ");
    EXPECT_EQ(names(select({"."})), names(select({"*"})));
}

TEST_F(FileSelection, WarnsOfPathsThatMatchNothing) {
    EXPECT_TRUE(select({"none", "../outside", "/etc/passwd"}).empty());
    ASSERT_EQ(lines_.size(), 3U);
    EXPECT_EQ(lines_[0].substr(0, 31), "! none: no matching files. Ensu");
    EXPECT_EQ(lines_[1], "! artifact path is not a subpath of project directory: ../outside");
    EXPECT_EQ(lines_[2], "! artifact path is not a subpath of project directory: /etc/passwd");
}

TEST_F(FileSelection, NormalisesExcludesLikePaths) {
    const std::string all = "out out/a.txt out/link out/sub ";
    for (const std::string& exclude :
         {std::string("out/sub/*"), std::string("./out/sub/*"), std::string("out//sub/*"),
          std::string("x/../out/sub/*"), std::string("../project/out/sub/*"),
          project_.string() + "/out/sub/*", std::string("out/sub/*/"),
          std::string("./out/./sub/**/*")}) {
        EXPECT_EQ(names(select({"out"}, {exclude})), all) << exclude;
        EXPECT_EQ(lines_.back(), exclude + ": excluded 2 files");
    }
    EXPECT_EQ(names(select({"out/sub"}, {"../sub", "/etc/**", "out/sub/b.log"})),
              "out/sub out/sub/.hidden ");
    EXPECT_EQ(lines_[lines_.size() - 4],
              "! artifact path is not a subpath of project directory: ../sub");
}

TEST_F(FileSelection, KnowsTheProjectByTheNameOfTheShell) {
    fs::create_directory_symlink(project_, directory_.path() / "name");
    const std::string name = directory_.path() / "name";
    ::setenv("PWD", name.c_str(), 1);
    EXPECT_EQ(names(select({name + "/*.log", project_.string() + "/out/a.txt"})),
              "out/a.txt top.log ");
    ::setenv("PWD", "/", 1);  // not this directory
    EXPECT_EQ(names(select({name + "/top.log"})), "");
    ::unsetenv("PWD");
}

TEST_F(FileSelection, DoesNotFollowSymbolicLinksBehindTheFirstWildcard) {
    fs::create_directory_symlink("sub", "out/way");
    EXPECT_EQ(names(select({"out/way"})), "out/way ");
    EXPECT_EQ(names(select({"*/way/*"})), "");
    EXPECT_EQ(names(select({"out/**"})),
              "out/a.txt out/link out/sub out/sub/.hidden out/sub/b.log out/way ");
}

TEST_F(FileSelection, FollowsLinksBeforeTheFirstWildcardInsideOfTheProject) {
    fs::create_directory_symlink("out/sub", "current");
    fs::create_directory_symlink(project_ / "current", "latest");
    EXPECT_EQ(names(select({"current/*.log"})), "current/b.log ");
    EXPECT_EQ(names(select({"latest/**"})), "latest/.hidden latest/b.log ");
    EXPECT_EQ(names(select({"latest/b.log"})), "latest/b.log ");
    EXPECT_EQ(names(select({"latest/"})), "latest ");
    EXPECT_EQ(names(select({"current/*.log"}, {"./current/b.log"})), "");
}

TEST_F(FileSelection, DoesNotFollowLinksOutOfTheProject) {
    fs::create_directory(directory_.path() / "elsewhere");
    write(directory_.path() / "elsewhere/secret", "s");
    fs::create_directory_symlink("../elsewhere", "way");
    fs::create_directory_symlink("../project-2", "beside");
    fs::create_directory(directory_.path() / "project-2");
    write(directory_.path() / "project-2/secret", "s");
    EXPECT_EQ(names(select({"way"})), "way ");
    for (const char* path : {"way/*", "way/**", "way/secret", "beside/*", "way/../way/secret"}) {
        EXPECT_EQ(names(select({path})), "") << path;
        EXPECT_NE(lines_.back().find("leads out of the project directory"), std::string::npos);
    }
}

TEST_F(FileSelection, TellsOfPathsThatAreTooLong) {
    std::string name(200, 'x');
    const UniqueFd begin(::open(".", O_RDONLY | O_DIRECTORY));
    for (int i = 0; i < 90; ++i) {
        ASSERT_EQ(::mkdir(name.c_str(), 0755), 0);
        ASSERT_EQ(::chdir(name.c_str()), 0);
    }
    ASSERT_EQ(::fchdir(begin.get()), 0);
    EXPECT_EQ(select({"x*"}).size(), 81U);
    EXPECT_EQ(lines_.back(),
              "! x*: left out 1 files and directories with paths of more than 16384 bytes");
}

}  // namespace
}  // namespace executors::helper
