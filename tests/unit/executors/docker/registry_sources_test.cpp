#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "executors/docker/registry_auth.hpp"
#include "tests/support/environment_variable.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using executors::JobEnvironment;
using executors::docker::collect_registry_auth;
using executors::docker::RegistryAuth;
using executors::docker::RegistrySettings;

class Warnings : public executors::JobLog {
  public:
    void print(std::string_view) override {}
    void notice(std::string_view) override {}
    void heading(std::string_view) override {}
    void warning(std::string_view text) override { lines.emplace_back(text); }
    void error(std::string_view) override {}

    std::vector<std::string> lines;
};

/// Credential helpers are found on the PATH of this process, which a test sets for its time.
class RegistrySources : public testing::Test {
  protected:
    RegistrySources() {
        std::signal(SIGPIPE, SIG_IGN);  // as the program does: a helper need not read its question
    }

    std::string write(const std::string& name, const std::string& text) {
        const auto path = home_.path() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
        return path.string();
    }
    void helper(const std::string& name, const std::string& script) {
        const std::string path = write("docker-credential-" + name, "#!/bin/sh\n" + script);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    RegistryAuth collect() {
        auto collected = tests::run_to_end(
            collect_registry_auth(job_, registries_, home_.path().string(), warnings_));
        EXPECT_TRUE(collected.has_value());
        return std::move(*collected);
    }
    std::string user_of(const RegistryAuth& auth, const std::string& image) {
        const auto found = auth.find(image);
        return found ? found->credential.username : "";
    }

    tests::TempDir home_;
    tests::EnvironmentVariable path_{"PATH", home_.path().string() + ":" + std::getenv("PATH")};
    JobEnvironment job_;
    std::vector<RegistrySettings> registries_;
    Warnings warnings_;
};

TEST_F(RegistrySources, TheJobsVariableComesFirstThePayloadLast) {
    RegistrySettings declared;
    declared.username = "declared";
    declared.password_file = write("password", "secret\n");
    for (const char* host : {"all.net", "three.net", "two.net"}) {
        job_.credentials.push_back({host, "payload", base::Secret("p")});
    }
    job_.credentials.push_back({"one.net", "payload", base::Secret("p")});
    // Each source knows one registry less than the one after it.
    write(".docker/config.json", R"({"auths": {"all.net": {"username": "home"},
        "three.net": {"username": "home"}, "two.net": {"username": "home"}}})");
    for (const char* host : {"all.net", "three.net"}) {
        declared.host = host;
        registries_.push_back(declared);
    }
    job_.docker_auth_config = R"({"auths": {"all.net": {"username": "variable"}}})";

    const RegistryAuth auth = collect();
    EXPECT_EQ(user_of(auth, "all.net/x"), "variable");
    EXPECT_EQ(user_of(auth, "three.net/x"), "declared");
    EXPECT_EQ(user_of(auth, "two.net/x"), "home");
    EXPECT_EQ(user_of(auth, "one.net/x"), "payload");
    EXPECT_EQ(auth.find("three.net/x")->credential.password.reveal(), "secret");
    EXPECT_TRUE(warnings_.lines.empty());
}

TEST_F(RegistrySources, DockercfgIsReadWhenThereIsNoConfigJson) {
    write(".dockercfg", R"({"reg.net": {"auth": "YTpi"}})");
    EXPECT_EQ(user_of(collect(), "reg.net/x"), "a");
    write(".docker/config.json", "{}");
    EXPECT_EQ(user_of(collect(), "reg.net/x"), "");
}

TEST_F(RegistrySources, ABrokenSourceIsNamedAndLeftOut) {
    job_.docker_auth_config = "{not json";
    write(".docker/config.json", "[]");
    RegistrySettings declared;
    declared.host = "gone.net";
    declared.username = "u";
    declared.password_file = (home_.path() / "missing").string();
    registries_ = {declared};
    job_.credentials.push_back({"reg.net", "payload", base::Secret("p")});
    const RegistryAuth auth = collect();
    EXPECT_EQ(user_of(auth, "reg.net/x"), "payload");
    EXPECT_EQ(user_of(auth, "gone.net/x"), "");
    ASSERT_EQ(warnings_.lines.size(), 3U);
    EXPECT_EQ(warnings_.lines[0],
              "Failed to resolve credentials from $DOCKER_AUTH_CONFIG: it is not a JSON object. "
              "Credentials from this source will not be used.");
    EXPECT_NE(warnings_.lines[1].find("[[runners.registry]] gone.net"), std::string::npos);
    EXPECT_NE(warnings_.lines[2].find(".docker/config.json"), std::string::npos);
}

TEST_F(RegistrySources, AStoreAndHelpersAreAsked) {
    helper("store", R"(read -r name
case "$1" in
list) echo '{"https://stored.net": "s", "auths.net": "s"}' ;;
get) echo "{\"Username\": \"store of $name\", \"Secret\": \"x\"}" ;;
esac)");
    helper("tokens", R"(echo '{"Username": "<token>", "Secret": "idt"}')");
    helper("empty", "exit 1");
    job_.docker_auth_config = R"({"auths": {"auths.net": {"username": "plain"}},
        "credsStore": "store",
        "credHelpers": {"token.net": "tokens", "unknown.net": "empty", "stored.net": "tokens"}})";
    const RegistryAuth auth = collect();
    EXPECT_TRUE(warnings_.lines.empty());
    EXPECT_EQ(user_of(auth, "auths.net/x"), "plain");
    EXPECT_EQ(user_of(auth, "stored.net/x"), "store of https://stored.net");
    EXPECT_EQ(auth.find("token.net/x")->credential.identity_token.reveal(), "idt");
    EXPECT_FALSE(auth.find("unknown.net/x").has_value());
}

TEST_F(RegistrySources, NothingOfASourceIsUsedWhenItsHelperCannotBe) {
    for (const char* name : {"../evil", "/bin/evil", ".hidden", "not-installed"}) {
        SCOPED_TRACE(name);
        warnings_.lines.clear();
        job_.docker_auth_config =
            R"({"auths": {"reg.net": {"username": "u"}}, "credHelpers": {"x.net": ")" +
            std::string(name) + "\"}}";
        const RegistryAuth auth = collect();
        EXPECT_TRUE(auth.all().empty());
        ASSERT_EQ(warnings_.lines.size(), 1U);
        EXPECT_NE(warnings_.lines[0].find(name), std::string::npos);
    }
}

}  // namespace
