#include "executors/docker/engine_config.hpp"

#include <gtest/gtest.h>
#include <toml++/toml.h>

#include "base/json.hpp"

namespace {

using base::ErrorKind;
using executors::docker::ConfigSource;
using executors::docker::Credential;
using executors::docker::DeclaredRegistry;
using executors::docker::DindSettings;
using executors::docker::direct_hosts;
using executors::docker::merge_buildkitd_toml;
using executors::docker::merge_daemon_json;
using executors::docker::merge_docker_config;
using executors::docker::registry_ca_path;
using executors::docker::registry_hosts;
using executors::docker::RegistryAuth;
using executors::docker::RegistrySettings;
using nlohmann::json;
using Registries = std::vector<DeclaredRegistry>;
using Sources = std::vector<ConfigSource>;
using Words = std::vector<std::string>;

DeclaredRegistry registry(const std::string& host) {
    DeclaredRegistry declared;
    declared.settings.host = host;
    return declared;
}

DeclaredRegistry plain(const std::string& host) {
    auto declared = registry(host);
    declared.settings.http = true;
    return declared;
}

DeclaredRegistry insecure(const std::string& host) {
    auto declared = registry(host);
    declared.settings.insecure = true;
    return declared;
}

DeclaredRegistry mirror(DeclaredRegistry declared, const std::string& of) {
    declared.settings.mirror_of = of;
    return declared;
}

struct Daemon {
    const char* name;
    Registries registries;
    int mtu;
    Words flags;
    Words sources;
    json merged;  ///< null: no file
};

TEST(DaemonJson, ContainsWhatTheConfigurationDeclares) {
    const std::vector<Daemon> cases{
        {"nothing", {registry("secure.net")}, 0, {}, {"", " \n"}, nullptr},
        {"mtu", {}, 1400, {}, {}, {{"mtu", 1400}}},
        {"mtu as a flag", {}, 1400, {"--mtu=1300"}, {}, nullptr},
        {"mtu as two flags", {}, 1400, {"--mtu", "1300"}, {}, nullptr},
        {"another flag", {}, 1400, {"--mtux=1"}, {}, {{"mtu", 1400}}},
        {"plain and insecure",
         {plain("a:80"), insecure("b")},
         0,
         {},
         {},
         {{"insecure-registries", {"a:80", "b"}}}},
        {"declared twice",
         {plain("a"), insecure("a")},
         0,
         {},
         {},
         {{"insecure-registries", {"a"}}}},
        {"insecure as a flag", {plain("a")}, 0, {"--insecure-registry=x"}, {}, nullptr},
        {"mirror",
         {mirror(registry("m"), "docker.io")},
         0,
         {},
         {},
         {{"registry-mirrors", {"https://m"}}}},
        {"mirror of Docker Hub by another name",
         {mirror(registry("m"), "index.docker.io")},
         0,
         {},
         {},
         {{"registry-mirrors", {"https://m"}}}},
        {"mirror twice",
         {mirror(registry("m"), "docker.io"), mirror(registry("m"), "docker.io")},
         0,
         {},
         {},
         {{"registry-mirrors", {"https://m"}}}},
        {"plain mirror",
         {mirror(plain("m:5000"), "docker.io")},
         0,
         {},
         {},
         {{"insecure-registries", {"m:5000"}}, {"registry-mirrors", {"http://m:5000"}}}},
        {"mirror as a flag",
         {mirror(registry("m"), "docker.io")},
         0,
         {"--registry-mirror=x"},
         {},
         nullptr},
        // dockerd knows mirrors of the Hub only.
        {"mirror of another", {mirror(registry("m"), "ghcr.io")}, 0, {}, {}, nullptr},
    };
    for (const auto& entry : cases) {
        SCOPED_TRACE(entry.name);
        Sources sources;
        for (const auto& text : entry.sources) sources.push_back({"a file", text});
        const auto merged = merge_daemon_json(entry.registries, entry.mtu, entry.flags, sources);
        ASSERT_TRUE(merged.has_value());
        EXPECT_EQ(merged->empty() ? json() : json::parse(*merged), entry.merged);
    }
}

TEST(DaemonJson, KeepsValuesOfTheUsersFile) {
    const Sources sources{{"first", R"({"mtu": 1300, "debug": true, "insecure-registries": ["mine"],
                      "log-opts": {"a": "1", "b": "1"}})"},
                          {"second", R"({"debug": false, "insecure-registries": ["x", "mine"],
                       "log-opts": {"b": "2"}, "registry-mirrors": null})"}};
    const auto merged =
        merge_daemon_json({plain("x"), mirror(registry("m"), "docker.io")}, 1400, {}, sources);
    ASSERT_TRUE(merged.has_value());
    EXPECT_EQ(json::parse(*merged), json({{"mtu", 1300},
                                          {"debug", false},
                                          {"insecure-registries", {"x", "mine"}},
                                          {"log-opts", {{"a", "1"}, {"b", "2"}}},
                                          {"registry-mirrors", nullptr}}));
}

TEST(DaemonJson, NamesTheFileThatCannotBeUsed) {
    for (const char* text : {"{", "[]", "null", "\"x\"", "{\"a\": 1,}"}) {
        const auto merged = merge_daemon_json({}, 0, {}, {{"the image's daemon.json", text}});
        ASSERT_FALSE(merged.has_value()) << text;
        EXPECT_TRUE(merged.error().is(ErrorKind::kConfiguration));
        EXPECT_EQ(merged.error().message.find("the image's daemon.json cannot be used"), 0U);
    }
}

/// Both as the parser sees them.
void expect_toml(const std::string& text, const std::string& expected) {
    std::ostringstream got;
    std::ostringstream wanted;
    got << toml::json_formatter(toml::parse(text));
    wanted << toml::json_formatter(toml::parse(expected));
    EXPECT_EQ(got.str(), wanted.str());
}

TEST(BuildkitdToml, ContainsWhatTheConfigurationDeclares) {
    auto authority = registry("ca.net");
    authority.ca_pem = "PEM";
    const auto merged = merge_buildkitd_toml(
        {registry("secure.net"), plain("p:5000"), insecure("i"), authority,
         mirror(plain("p:5000"), "docker.io"), mirror(registry("m"), "ghcr.io"),
         mirror(registry("m2"), "ghcr.io"), mirror(registry("m2"), "ghcr.io")},
        {});
    ASSERT_TRUE(merged.has_value());
    expect_toml(*merged, R"(
        [registry."p:5000"]
        http = true
        [registry.i]
        insecure = true
        [registry."ca.net"]
        ca = ["/etc/docker/certs.d/ca.net/ca.crt"]
        [registry."docker.io"]
        mirrors = ["p:5000"]
        [registry."ghcr.io"]
        mirrors = ["m", "m2"]
    )");
    EXPECT_EQ(*merge_buildkitd_toml({registry("secure.net")}, {{"a", ""}, {"b", "# nothing"}}), "");
}

TEST(BuildkitdToml, KeepsValuesOfTheUsersFileAndJoinsLists) {
    const Sources sources{
        {"a", "debug = true\n[registry.\"docker.io\"]\nmirrors = [\"mine\", \"m\"]"},
        {"b", "debug = false\n[registry.p]\nhttp = false\n[worker.oci]\ngc = true"}};
    const auto merged = merge_buildkitd_toml(
        {plain("p"), mirror(registry("m"), "docker.io"), mirror(registry("n"), "docker.io")},
        sources);
    ASSERT_TRUE(merged.has_value());
    expect_toml(*merged, R"(
        debug = false
        [registry."docker.io"]
        mirrors = ["mine", "m", "n"]
        [registry.p]
        http = false
        [worker.oci]
        gc = true
    )");
}

/// Lines that many images have: with both keys BuildKit asks over TLS first.
TEST(BuildkitdToml, ARegistryThatIsDeclaredPlainIsNotAskedOverTls) {
    const std::string both = "http = true\ninsecure = true\n";
    const auto merged = merge_buildkitd_toml(
        {plain("plain.net"), insecure("tls.net"), plain("changed.net")},
        {{"the image's file", "[registry.\"plain.net\"]\n" + both + "[registry.\"mine.net\"]\n" +
                                  both + "[registry.\"changed.net\"]\nhttp = false\n" +
                                  "insecure = true\n"}});
    ASSERT_TRUE(merged.has_value());
    expect_toml(*merged, R"(
        [registry."plain.net"]
        http = true
        [registry."tls.net"]
        insecure = true
        [registry."mine.net"]
        http = true
        insecure = true
        [registry."changed.net"]
        http = false
        insecure = true
    )");
}

TEST(BuildkitdToml, NamesFileAndLineThatCannotBeUsed) {
    const auto merged = merge_buildkitd_toml({}, {{"ours", "a = 1"}, {"theirs", "a = 1\nb = ="}});
    ASSERT_FALSE(merged.has_value());
    EXPECT_TRUE(merged.error().is(ErrorKind::kConfiguration));
    EXPECT_EQ(merged.error().message.find("theirs cannot be used: line 2: "), 0U)
        << merged.error().message;
}

Credential credential(const std::string& user, const std::string& password) {
    return {user, base::Secret(password), base::Secret()};
}

TEST(DockerConfig, HoldsEveryCredential) {
    RegistryAuth auth;
    auth.add("payload", "reg.net:5000", credential("u", "p"));
    auth.add("payload", "docker.io", credential("hub", "h"));
    auth.add("home", "empty.net", credential("u", ""));
    auth.add("home", "token.net", {"<token>", base::Secret(), base::Secret("t")});
    const auto config = merge_docker_config(auth, {"the image's config.json", ""});
    ASSERT_TRUE(config.has_value());
    const json auths = json::parse(*config).at("auths");
    EXPECT_EQ(auths, json({{"reg.net:5000", {{"auth", "dTpw"}}},
                           {"https://index.docker.io/v1/", {{"auth", "aHViOmg="}}},
                           {"token.net", {{"auth", "PHRva2VuPjo="}, {"identitytoken", "t"}}}}));
}

TEST(DockerConfig, TheImagesFileWinsOverAllButTheJobsVariable) {
    RegistryAuth auth;
    auth.add("$DOCKER_AUTH_CONFIG", "job.net", credential("job", "j"));
    auth.add("payload", "image.net", credential("u", "p"));
    const std::string image = R"({"experimental": "enabled", "auths": {
        "job.net": {"auth": "image"}, "image.net": {"auth": "image"}}})";
    const auto config = merge_docker_config(auth, {"the image's config.json", image});
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(json::parse(*config),
              json({{"experimental", "enabled"},
                    {"auths",
                     {{"job.net", {{"auth", "am9iOmo="}}}, {"image.net", {{"auth", "image"}}}}}}));
}

TEST(DockerConfig, IsEmptyWithoutCredentials) {
    EXPECT_EQ(*merge_docker_config({}, {"image", ""}), "");
    EXPECT_EQ(*merge_docker_config({}, {"image", "\n"}), "");
}

TEST(DockerConfig, NamesAnImagesFileThatCannotBeUsed) {
    RegistryAuth auth;
    auth.add("payload", "reg.net", credential("u", "p"));
    for (const char* text : {"{", "[1]", R"({"auths": []})", R"({"auths": "x"})"}) {
        const auto config = merge_docker_config(auth, {"the image's config.json", text});
        ASSERT_FALSE(config.has_value()) << text;
        EXPECT_TRUE(config.error().is(ErrorKind::kConfiguration));
        EXPECT_EQ(config.error().message.find("the image's config.json cannot be used"), 0U);
    }
    EXPECT_TRUE(merge_docker_config(auth, {"image", R"({"auths": null})"}).has_value());
}

TEST(RegistryHosts, AreNamedOnceAndWithoutPort) {
    RegistrySettings a;
    a.host = "reg.net:5000";
    a.address = "10.0.0.1";
    RegistrySettings again = a;
    again.host = "reg.net";
    RegistrySettings other;
    other.host = "other.net";
    RegistrySettings numeric = a;
    numeric.host = "[fd00::1]:5000";
    EXPECT_EQ(registry_hosts({a, again, other, numeric}), Words{"reg.net:10.0.0.1"});
    EXPECT_EQ(registry_ca_path("reg.net:5000"), "/etc/docker/certs.d/reg.net:5000/ca.crt");
}

TEST(DirectHosts, ArePrivateRegistriesAndDocker) {
    RegistrySettings address;
    address.host = "reg.net:5000";
    address.address = "10.0.0.1";
    RegistrySettings login;
    login.host = "ghcr.io";
    login.username = "u";
    RegistrySettings authority;
    authority.host = "ca.net";
    authority.ca_file = "/ca";
    EXPECT_EQ(direct_hosts({address, login, authority, plain("reg.net").settings,
                            insecure("[fd00::1]:80").settings}),
              (Words{"docker", "reg.net", "10.0.0.1", "ca.net", "fd00::1"}));
}

}  // namespace
