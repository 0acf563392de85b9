#include "executors/docker/pull_sources.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace executors::docker {
namespace {

RegistrySettings mirror(const std::string& host, const std::string& of) {
    RegistrySettings settings;
    settings.host = host;
    settings.mirror_of = of;
    return settings;
}

TEST(PullSources, AreTheMirrorsOfTheImagesRegistryAndThatRegistry) {
    const std::vector<RegistrySettings> registries{
        mirror("a.net:5000", "docker.io"), mirror("b.net", "quay.io"), mirror("c.net", ""),
        mirror("d.net", "registry-1.docker.io"), mirror("docker.io", "docker.io")};
    const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
        {"app", {"a.net:5000/library/app", "d.net/library/app", "app"}},
        {"docker.io/team/app:1", {"a.net:5000/team/app", "d.net/team/app", "docker.io/team/app"}},
        {"quay.io/team/app", {"b.net/team/app", "quay.io/team/app"}},
        {"c.net/app", {"c.net/app"}},
        {"a.net:5000/app", {"a.net:5000/app"}}};
    for (const auto& [image, names] : cases) {
        std::vector<std::string> found;
        for (const auto& source : pull_sources(*parse_reference(image), registries, {})) {
            found.push_back(source.name);
            EXPECT_EQ(source.mirror.empty(), found.size() == names.size()) << image;
        }
        EXPECT_EQ(found, names) << image;
    }
}

/// A mirror must not learn the password for the registry that it mirrors.
TEST(PullSources, HaveEachItsOwnLogin) {
    Credential original;
    original.username = "a";
    Credential own;
    own.username = "b";
    RegistryAuth auth;
    auth.add("test", "docker.io", original);
    const std::vector<RegistrySettings> registries{mirror("m.net", "docker.io")};
    auto sources = pull_sources(*parse_reference("app"), registries, auth);
    ASSERT_EQ(sources.size(), 2U);
    EXPECT_TRUE(sources[0].auth.empty());
    EXPECT_EQ(sources[1].auth, registry_auth_header(original, "docker.io"));
    auth.add("test", "m.net", own);
    sources = pull_sources(*parse_reference("app"), registries, auth);
    EXPECT_EQ(sources[0].auth, registry_auth_header(own, "m.net"));
}

}  // namespace
}  // namespace executors::docker
