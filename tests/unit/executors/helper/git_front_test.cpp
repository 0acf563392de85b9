#include "executors/helper/git_front.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace executors::helper {
namespace {

using Variables = std::map<std::string, std::string>;

Variables variables_of(const std::set<std::string>& set, const std::set<std::string>& files) {
    const auto made = git_variables([&](const std::string& name) { return set.contains(name); },
                                    [&](const std::string& path) { return files.contains(path); });
    return {made.begin(), made.end()};
}

const Variables kAlways{{"GIT_EXEC_PATH", "/.runner/git/core"},
                        {"GIT_TEMPLATE_DIR", "/.runner/git/templates"}};

Variables with_system(const std::string& path) {
    auto variables = kAlways;
    variables["GIT_CONFIG_SYSTEM"] = path;
    return variables;
}

TEST(GitFront, UsesTheAuthoritiesOfTheImageWhereItHasThem) {
    const std::string debian = "/etc/ssl/certs/ca-certificates.crt";
    const std::string fedora = "/etc/pki/tls/certs/ca-bundle.crt";
    EXPECT_EQ(variables_of({}, {debian}), with_system("/.runner/git/etc/gitconfig"));
    EXPECT_EQ(variables_of({}, {debian, fedora}), with_system("/.runner/git/etc/gitconfig"));
    EXPECT_EQ(variables_of({}, {fedora}), with_system("/.runner/git/etc/gitconfig-pki"));
    EXPECT_EQ(variables_of({}, {}), with_system("/.runner/git/etc/gitconfig-own"));
}

TEST(GitFront, LeavesWhatTheJobHasSet) {
    EXPECT_EQ(variables_of({"GIT_CONFIG_SYSTEM"}, {}), kAlways);
    EXPECT_EQ(variables_of({"GIT_TEMPLATE_DIR", "GIT_CONFIG_SYSTEM"}, {}),
              (Variables{{"GIT_EXEC_PATH", "/.runner/git/core"}}));
}

}  // namespace
}  // namespace executors::helper
