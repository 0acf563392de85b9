#include "executors/docker/builder_options.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "executors/docker/builder_script.hpp"
#include "executors/docker/csv.hpp"

namespace executors::docker {
namespace {

using Words = std::vector<std::string>;

TEST(BuilderOptions, AnElementIsOneOptionUnlessItHasSeveral) {
    const std::vector<std::pair<std::string, Words>> cases{
        {"network=host", {"network=host"}},
        {"network=host,image=kit:1", {"network=host", "image=kit:1"}},
        {"env.NO_PROXY=localhost,10.0.0.0/8", {"env.NO_PROXY=localhost,10.0.0.0/8"}},
        {"env.LIST=a,b=c", {"env.LIST=a,b=c"}},
        {"gpus=device=0,1", {"gpus=device=0,1"}},
        {"\"env.NO_PROXY=a,b\",memory=1g", {"env.NO_PROXY=a,b", "memory=1g"}},
        {"unknown", {"unknown"}},
        {"", {}}};
    for (const auto& [element, options] : cases) {
        DindSettings settings;
        settings.builder_driver_opts = {element};
        EXPECT_EQ(driver_options(settings), options) << element;
    }
}

TEST(BuilderOptions, TheImageComesLastAndTheNetworkIsFoundAnywhere) {
    DindSettings settings;
    EXPECT_TRUE(builder_is_on_host_network(settings));
    settings.builder_driver_opts = {"memory=1g,network=host", "image=a"};
    settings.builder_image = "b";
    EXPECT_EQ(driver_options(settings), (Words{"memory=1g", "network=host", "image=a", "image=b"}));
    EXPECT_TRUE(builder_is_on_host_network(settings));
    settings.builder_driver_opts = {"network=hosts"};
    EXPECT_FALSE(builder_is_on_host_network(settings));
}

TEST(Csv, FieldsAreQuotedWhereTheyNeedIt) {
    for (const char* text : {"plain", "a=b", "a,b", "say \"x\"", "\"", "", " a", "a\nb", ",,"}) {
        EXPECT_EQ(csv_fields(csv_field(text)), Words{text});
        EXPECT_EQ(csv_fields("x," + csv_field(text) + ",y"), (Words{"x", text, "y"}));
    }
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("a\"b"), "\"a\"\"b\"");
}

TEST(BuilderScript, QuotesWhatComesFromTheConfiguration) {
    DindSettings settings;
    settings.builder_name = "it's";
    settings.builder_image = "moby/buildkit:v1";
    settings.builder_driver_opts = {"network=host", "env.A=b c", "env.NO_PROXY=a,b"};
    const std::string script = builder_script(settings);
    for (const char* part :
         {"--name 'it'\\''s' ", "--driver-opt 'network=host'", "--driver-opt 'env.A=b c'",
          "--driver-opt '\"env.NO_PROXY=a,b\"'", "--driver-opt 'image=moby/buildkit:v1'",
          "--allow-insecure-entitlement network.host", "--use ", "rm --keep-state 'it'\\''s' "}) {
        EXPECT_NE(script.find(part), std::string::npos) << part;
    }
    settings.builder_driver_opts = {};
    settings.builder_image = "";
    const std::string bare = builder_script(settings);
    EXPECT_EQ(bare.find("--driver-opt"), std::string::npos);
    EXPECT_EQ(bare.find("--buildkitd-flags"), std::string::npos);
}

TEST(BuilderScript, BootsABuilderOnTheHostsNetworkWhileBuildxNotesIt) {
    DindSettings settings;
    settings.builder_driver_opts = {"network=host", "env.A=it's"};
    const std::string script = builder_script(settings);
    const auto begin = script.find("printf %s '");
    const auto end = script.find(
        " | /.runner/bin/runner-helper boot-builder --config "
        "/etc/buildkit/buildkitd.toml\ncreate()");
    ASSERT_NE(end, std::string::npos);
    const std::string quoted = script.substr(begin + 10, end - begin - 10);
    const auto node = nlohmann::json{{"Endpoint", "unix:///var/run/docker.sock"},
                                     {"DriverOpts", {{"network", "host"}, {"env.A", "it's"}}},
                                     {"Flags", {"--allow-insecure-entitlement", "network.host"}}};
    const nlohmann::json instance{{"Driver", "docker-container"},
                                  {"Nodes", nlohmann::json::array({node})}};
    EXPECT_EQ(quoted, base::shell_quote(instance.dump()));
    settings.builder_driver_opts = {};
    EXPECT_EQ(builder_script(settings).find("boot-builder"), std::string::npos);
}

}  // namespace
}  // namespace executors::docker
