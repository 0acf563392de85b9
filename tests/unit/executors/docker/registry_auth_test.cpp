#include "executors/docker/registry_auth.hpp"

#include <gtest/gtest.h>

namespace {

using executors::docker::auth_table_key;
using executors::docker::auth_table_value;
using executors::docker::Credential;
using executors::docker::parse_docker_auth;
using executors::docker::registry_auth_header;
using executors::docker::registry_path;
using executors::docker::RegistryAuth;

Credential credential(const std::string& user) { return {user, base::Secret("p"), base::Secret()}; }

TEST(RegistryPath, IsWhatAConfigurationsKeyMeans) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"https://index.docker.io/v1/", "docker.io"},
        {"index.docker.io/v1/", "docker.io"},
        {"index.docker.io", "docker.io"},
        {"registry-1.docker.io", "docker.io"},
        {"docker.io", "docker.io"},
        {"docker.io/library/x", "docker.io/library/x"},
        {"https://Reg.NET:5000/v2/", "reg.net:5000"},
        {"http://reg.net/group", "reg.net"},
        {"Reg.NET/Group/App/", "reg.net/Group/App"},
        {"reg.net:5000", "reg.net:5000"},
    };
    for (const auto& [key, path] : cases) EXPECT_EQ(registry_path(key), path) << key;
}

TEST(DockerAuth, IsReadFromBothFormsOfTheFile) {
    const std::string entries = R"({"https://index.docker.io/v1/": {"auth": "aHViOnA6cQ=="},
        "reg.net": {"username": "u", "password": "p"},
        "both.net": {"auth": "YTpi", "username": "old", "password": "old"},
        "token.net": {"auth": "dTo=", "identitytoken": "t"},
        "none.net": {}, "odd.net": "text"})";
    const auto file = parse_docker_auth(R"({"auths": )" + entries +
                                        R"(, "credsStore": "pass", "credHelpers":
                                        {"https://ecr.aws/": "ecr-login", "x": 1}})");
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->auths.size(), 4U);
    EXPECT_EQ(file->auths.at("docker.io").username, "hub");
    EXPECT_EQ(file->auths.at("docker.io").password.reveal(), "p:q");
    EXPECT_EQ(file->auths.at("reg.net").password.reveal(), "p");
    EXPECT_EQ(file->auths.at("both.net").username, "a");
    EXPECT_EQ(file->auths.at("token.net").identity_token.reveal(), "t");
    EXPECT_EQ(file->store, "pass");
    EXPECT_EQ(file->helpers, (std::map<std::string, std::string>{{"ecr.aws", "ecr-login"}}));

    // ~/.dockercfg is the table itself.
    const auto old = parse_docker_auth(R"({"reg.net": {"auth": "YTpi", "email": "x"}})");
    ASSERT_TRUE(old.has_value());
    EXPECT_EQ(old->auths.at("reg.net").password.reveal(), "b");
    EXPECT_TRUE(parse_docker_auth("{}").has_value());
    EXPECT_TRUE(parse_docker_auth(R"({"auths": null, "credsStore": null})").has_value());
}

TEST(DockerAuth, RefusesBrokenTextWithoutRepeatingIt) {
    const std::vector<std::string> cases{
        "",
        "{\"auths\": {\"secret-word\"",
        "[\"secret-word\"]",
        R"({"auths": {"reg.net": {"auth": "secret-word !"}}})",
        R"({"auths": {"reg.net": {"auth": "c2VjcmV0LXdvcmQ="}}})",
    };
    for (const auto& text : cases) {
        const auto file = parse_docker_auth(text);
        ASSERT_FALSE(file.has_value()) << text;
        EXPECT_TRUE(file.error().is(base::ErrorKind::kInvalidInput));
        EXPECT_EQ(file.error().message.find("secret-word"), std::string::npos);
    }
}

TEST(RegistryAuth, FindsTheLongestPathThatAnImageBeginsWith) {
    RegistryAuth auth;
    for (const char* path : {"reg.net:5000", "reg.net:5000/group", "reg.net:5000/group/app",
                             "docker.io", "docker.io/team", "up.net"}) {
        auth.add("source", path, credential(path));
    }
    const std::vector<std::pair<std::string, std::string>> cases{
        {"reg.net:5000/x:1", "reg.net:5000"},
        {"reg.net:5000/group/other", "reg.net:5000/group"},
        {"reg.net:5000/group/app:2", "reg.net:5000/group/app"},
        {"reg.net:5000/group/app/sub", "reg.net:5000/group/app"},
        {"reg.net:5000/group/application", "reg.net:5000/group"},
        {"reg.net:5000/groupx/app", "reg.net:5000"},
        {"reg.net/group/app", ""},
        {"alpine", "docker.io"},
        {"team/app@sha256:" + std::string(64, 'a'), "docker.io/team"},
        {"UP.net/app", "up.net"},
        {"other.net/app", ""},
        {"sha256:" + std::string(64, 'a'), ""},
        {"no image", ""},
    };
    for (const auto& [image, path] : cases) {
        const auto found = auth.find(image);
        EXPECT_EQ(found ? found->path : "", path) << image;
        if (found) {
            EXPECT_EQ(found->credential.username, path);
        }
    }
}

TEST(RegistryAuth, KeepsTheFirstDefinition) {
    RegistryAuth auth;
    auth.add("first", "reg.net", credential("a"));
    auth.add_all("second", {{"reg.net", credential("b")}, {"new.net", credential("c")}});
    EXPECT_EQ(auth.find("reg.net/x")->credential.username, "a");
    EXPECT_EQ(auth.find("reg.net/x")->source, "first");
    EXPECT_EQ(auth.find("new.net/x")->source, "second");
    EXPECT_EQ(auth.all().size(), 2U);
}

TEST(RegistryAuthHeader, IsBase64UrlOfTheEnginesObject) {
    const Credential plain{"user", base::Secret("pass>>??"), base::Secret()};
    // {"password":"pass>>??","serveraddress":"reg.net","username":"user"}
    EXPECT_EQ(registry_auth_header(plain, "reg.net").reveal(),
              "eyJwYXNzd29yZCI6InBhc3M-Pj8_Iiwic2VydmVyYWRkcmVzcyI6InJlZy5uZXQiLCJ1c2VybmFtZSI6InVz"
              "ZXIifQ==");
    const Credential token{"<token>", base::Secret(), base::Secret("t")};
    // {"identitytoken":"t","serveraddress":"reg.net"}
    EXPECT_EQ(registry_auth_header(token, "reg.net").reveal(),
              "eyJpZGVudGl0eXRva2VuIjoidCIsInNlcnZlcmFkZHJlc3MiOiJyZWcubmV0In0=");
}

TEST(AuthTable, NamesTheHubAsTheClientDoes) {
    EXPECT_EQ(auth_table_key("docker.io"), "https://index.docker.io/v1/");
    EXPECT_EQ(auth_table_key("reg.net/x"), "reg.net/x");
    EXPECT_EQ(auth_table_value(credential("u")), "dTpw");
}

}  // namespace
