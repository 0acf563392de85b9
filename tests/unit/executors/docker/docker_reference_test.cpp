#include "executors/docker/docker_reference.hpp"

#include <gtest/gtest.h>

namespace {

using executors::docker::parse_reference;
using executors::docker::service_names;

const std::string kHex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kDigest = "sha256:" + kHex;

struct Parts {
    std::string text;
    std::string host;
    std::string path;
    std::string name;
    std::string tag;
    std::string pull_tag;
};

TEST(DockerReference, IsSplitByTheRulesOfTheEngine) {
    const std::vector<Parts> cases{
        {"alpine", "docker.io", "library/alpine", "alpine", "", "latest"},
        {"alpine:3.19", "docker.io", "library/alpine", "alpine", "3.19", "3.19"},
        {"a_b-c__e/x:V_1.2-rc", "docker.io", "a_b-c__e/x", "a_b-c__e/x", "V_1.2-rc", "V_1.2-rc"},
        {"docker.io/alpine", "docker.io", "library/alpine", "docker.io/alpine", "", "latest"},
        {"index.docker.io/alpine", "docker.io", "library/alpine", "index.docker.io/alpine", "",
         "latest"},
        {"localhost/app", "localhost", "app", "localhost/app", "", "latest"},
        {"localhost:5000/app", "localhost:5000", "app", "localhost:5000/app", "", "latest"},
        {"reg:5000/a/b:1", "reg:5000", "a/b", "reg:5000/a/b", "1", "1"},
        {"Registry.Company.NET:443/g/app", "registry.company.net:443", "g/app",
         "Registry.Company.NET:443/g/app", "", "latest"},
        {"Upper/app", "upper", "app", "Upper/app", "", "latest"},
        {"[fd00::1]:5000/app:2", "[fd00::1]:5000", "app", "[fd00::1]:5000/app", "2", "2"},
        {"app@" + kDigest, "docker.io", "library/app", "app", "", kDigest},
        {"reg:5000/app:1@" + kDigest, "reg:5000", "app", "reg:5000/app", "1", kDigest},
    };
    for (const auto& expected : cases) {
        SCOPED_TRACE(expected.text);
        const auto found = parse_reference(expected.text);
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(found->host, expected.host);
        EXPECT_EQ(found->path, expected.path);
        EXPECT_EQ(found->name, expected.name);
        EXPECT_EQ(found->tag, expected.tag);
        EXPECT_EQ(found->pull_tag(), expected.pull_tag);
        EXPECT_FALSE(found->is_id);
    }
}

TEST(DockerReference, KnowsAnImageById) {
    for (const std::string& text : {kHex, kDigest}) {
        const auto found = parse_reference(text);
        ASSERT_TRUE(found.has_value()) << text;
        EXPECT_TRUE(found->is_id) << text;
        EXPECT_EQ(found->name, text);
    }
    const auto short_hex = parse_reference("0123456789ab");
    ASSERT_TRUE(short_hex.has_value());
    EXPECT_FALSE(short_hex->is_id);
}

TEST(DockerReference, RefusesTextThatIsNotAnImageName) {
    const std::vector<std::string> cases{
        "",
        "/alpine",
        "alpine/",
        "-alpine",
        "alpine:",
        "al pine",
        "a//b",
        "../a",
        "reg:5000/../a",
        "alpine:$TAG",
        "$IMAGE",
        "${A}:1",
        "a:b:c",
        "alpine:-x",
        "alpine:3 19",
        "app@sha256",
        "app@sha256:",
        "app@sha256:xyz",
        "app@" + kDigest + "@" + kDigest,
        "reg.io/",
        "reg.io/Upper",
        "alpine\n",
        "docker.io/",
        "a/b_",
        ":tag",
        "@" + kDigest,
        "reg.io:x y/app",
        "alpine:" + std::string(129, 'a'),
        std::string(256, 'a'),
    };
    for (const auto& text : cases) {
        const auto found = parse_reference(text);
        EXPECT_FALSE(found.has_value()) << '"' << text << '"';
        if (found) continue;
        EXPECT_TRUE(found.error().is(base::ErrorKind::kInvalidInput)) << text;
        EXPECT_NE(found.error().message.find(text), std::string::npos);
    }
}

TEST(DockerReference, DoesNotQuoteATextThatIsTooLong) {
    const auto found = parse_reference(std::string(1025, 'a'));
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().message,
              "a text of 1025 bytes is not a valid image name: it may have 1024");
}

struct Names {
    std::string image;
    std::vector<std::string> aliases;
    std::string version;
};

TEST(ServiceNames, ComeFromTheImage) {
    const std::vector<Names> cases{
        {"postgres", {"postgres"}, "latest"},
        {"docker:29-dind", {"docker"}, "29-dind"},
        {"tutum/wordpress:4", {"tutum__wordpress", "tutum-wordpress"}, "4"},
        {"registry.example.com:4999/a/b:1",
         {"registry.example.com__a__b", "registry.example.com-a-b"},
         "1"},
        {"reg:5000/redis@" + kDigest, {"reg__redis", "reg-redis"}, "latest"},
        {"redis:7@" + kDigest, {"redis"}, "7"},
    };
    for (const auto& expected : cases) {
        SCOPED_TRACE(expected.image);
        const auto names = service_names(expected.image);
        EXPECT_EQ(names.aliases, expected.aliases);
        EXPECT_EQ(names.slug, expected.aliases.front());
        EXPECT_EQ(names.version, expected.version);
    }
}

}  // namespace
