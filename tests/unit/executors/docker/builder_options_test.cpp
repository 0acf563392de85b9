#include "executors/docker/builder_options.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace executors::docker
