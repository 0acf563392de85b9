#include "executors/helper/users.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "executors/helper/posix.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

class Users : public testing::Test {
  protected:
    void SetUp() override {
        std::ofstream(passwd_) << "root:x:0:0:root:/root:/bin/bash\n# comment\nbroken\n"
                                  "build:x:1000:1001::/home/build:/bin/ash\nempty:x:7:8:::\n";
        std::ofstream(group_) << "root:x:0:\nbuild:x:1001:\ndocker:x:999:someone,build\n";
    }
    User find(const std::string& text) { return find_user(text, passwd_, group_); }

    tests::TempDir directory_;
    std::string passwd_ = directory_.path() / "passwd";
    std::string group_ = directory_.path() / "group";
};

TEST_F(Users, FindsANameWithItsGroups) {
    const User user = find("build");
    EXPECT_EQ(user.uid, 1000U);
    EXPECT_EQ(user.gid, 1001U);
    EXPECT_EQ(user.groups, (std::vector<gid_t>{1001, 999}));
    EXPECT_EQ(user.home, "/home/build");
    EXPECT_EQ(user.shell, "/bin/ash");
}

TEST_F(Users, FindsANumber) {
    EXPECT_EQ(find("1000").name, "build");
    const User unknown = find("4711");
    EXPECT_EQ(unknown.uid, 4711U);
    EXPECT_EQ(unknown.gid, 0U);
    EXPECT_EQ(unknown.home, "/");
}

TEST_F(Users, TakesTheGroupInTheText) {
    const User user = find("build:docker");
    EXPECT_EQ(user.gid, 999U);
    EXPECT_EQ(user.groups, std::vector<gid_t>{999});
    EXPECT_EQ(find("5:6").gid, 6U);
}

TEST_F(Users, FailsForUnknownNames) {
    EXPECT_THROW(find("nobody-here"), Failure);
    EXPECT_THROW(find("build:nogroup"), Failure);
}

TEST_F(Users, UsesDefaultsForEmptyFields) {
    EXPECT_EQ(find("empty").home, "/");
    EXPECT_EQ(find("empty").shell, "/bin/sh");
}

}  // namespace
}  // namespace executors::helper
