#include "executors/docker/pull_hint.hpp"

#include <gtest/gtest.h>

namespace executors::docker {
namespace {

TEST(PullHint, NamesWhatTheHostsEngineNeeds) {
    RegistrySettings plain;
    plain.host = "Registry.company.net:5000";
    plain.address = "10.0.0.1";
    plain.http = true;
    RegistrySettings authority;
    authority.host = "ca.net";
    authority.ca_file = "/ca.pem";
    RegistrySettings login;
    login.host = "login.net";
    login.username = "u";
    const std::vector<RegistrySettings> all{plain, authority, login};
    const auto hint = pull_hint("registry.company.net:5000/a/b:1", all);
    for (const char* part : {"the line \"10.0.0.1 Registry.company.net\" in /etc/hosts, ",
                             "\"Registry.company.net:5000\" in \"insecure-registries\"",
                             "pull_policy = \"if-not-present\""}) {
        EXPECT_NE(hint.find(part), std::string::npos) << hint;
    }
    EXPECT_EQ(hint.find("certs.d"), std::string::npos);
    EXPECT_NE(pull_hint("ca.net/a@sha256:" + std::string(64, 'a'), all)
                  .find("the content of ca_file in /etc/docker/certs.d/ca.net/ca.crt"),
              std::string::npos);
    for (const std::string& other : {std::string("login.net/a"), std::string("other.net/a"),
                                     std::string("registry.company.net/a"), std::string("a"),
                                     std::string("not a name"), std::string(64, 'a')}) {
        EXPECT_EQ(pull_hint(other, all), "") << other;
    }
}

}  // namespace
}  // namespace executors::docker
