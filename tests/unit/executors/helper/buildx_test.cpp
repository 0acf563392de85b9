#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "executors/helper/build_node.hpp"
#include "executors/helper/buildx_arguments.hpp"
#include "executors/helper/buildx_state.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

using Words = std::vector<std::string>;

Words buildx(Words more) {
    Words words{"docker-buildx", "buildx"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

TEST(BuildxCreate, IsReadInEverySpelling) {
    const auto create = parse_buildx_create(
        {"docker-buildx", "--config", "/c", "buildx", "--builder=other", "create", "--append",
         "--name", "n", "--node=m", "--driver", "docker-container", "--driver-opt", "image=i",
         "--driver-opt=network=host", "--buildkitd-flags", "--debug", "--use", "context"});
    ASSERT_TRUE(create.has_value());
    EXPECT_EQ(create->first, 6U);
    EXPECT_TRUE(create->append);
    EXPECT_TRUE(create->endpoint);
    EXPECT_EQ(create->name, "n");
    EXPECT_EQ(create->node, "m");
    EXPECT_EQ(create->driver, "docker-container");
    EXPECT_EQ(create->driver_options, (Words{"image=i", "network=host"}));
    const auto bare = parse_buildx_create(buildx({"create", "--append=false", "--name"}));
    ASSERT_TRUE(bare.has_value());
    EXPECT_FALSE(bare->append);
    EXPECT_FALSE(bare->endpoint);
    EXPECT_EQ(bare->name, "");
}

TEST(BuildxCreate, IsNoOtherCommand) {
    for (const Words& words :
         {buildx({}), buildx({"--builder", "create"}), buildx({"imagetools", "create", "--append"}),
          buildx({"build", "-t", "create", "."}), Words{"docker-buildx"}, Words{},
          Words{"docker-buildx", "docker-cli-plugin-metadata"}}) {
        EXPECT_FALSE(parse_buildx_create(words).has_value()) << testing::PrintToString(words);
        EXPECT_EQ(rewrite_buildx(words, {"runner", "", true}), words);
    }
}

TEST(BuildxRewrite, AddsWhatTheCommandNeeds) {
    struct Case {
        Words given;
        BuilderDefaults defaults;
        Words added;  ///< behind "create"
    };
    const BuilderDefaults plain{"runner", "", false};
    const BuilderDefaults image{"runner", "kit:1", false};
    const BuilderDefaults names{"runner", "", true};
    for (const auto& [given, defaults, added] : std::vector<Case>{
             {{"--append"}, plain, {"--name", "runner", "--node", "runner0"}},
             {{"--append", "--node", "n"}, plain, {"--name", "runner"}},
             {{"--append"},
              image,
              {"--name", "runner", "--node", "runner0", "--driver-opt", "image=kit:1"}},
             {{"--append", "--driver-opt", "memory=1g,image=own"},
              image,
              {"--name", "runner", "--node", "runner0"}},
             {{"--append", "--name=mine"}, image, {}},
             {{"--name", "mine"}, plain, {}},
             {{"--name", "mine"}, names, {"--driver-opt", "network=host"}},
             {{"--driver=docker-container"}, names, {"--driver-opt", "network=host"}},
             {{"--driver-opt", "env.network=1"}, names, {"--driver-opt", "network=host"}},
             {{"--driver-opt", "image=i,network=other"}, names, {}},
             {{"--driver-opt", "\"network=other\""}, names, {}},
             {{"--driver", "remote", "tcp://h:1"}, names, {}},
             {{"--name", "mine", "other-context"}, names, {}},
             {{"--append"},
              names,
              {"--name", "runner", "--node", "runner0", "--driver-opt", "network=host"}}}) {
        Words words = buildx({"create"});
        words.insert(words.end(), given.begin(), given.end());
        Words wanted = buildx({"create"});
        wanted.insert(wanted.end(), added.begin(), added.end());
        wanted.insert(wanted.end(), given.begin(), given.end());
        EXPECT_EQ(rewrite_buildx(words, defaults), wanted);
    }
}

TEST(BuildxBuilder, IsNamedByAnOptionOrAnArgument) {
    EXPECT_EQ(named_builder(buildx({"build", "-t", "inspect", "."})), "");
    EXPECT_EQ(named_builder(buildx({"--builder", "a", "build", "."})), "a");
    EXPECT_EQ(named_builder(buildx({"build", "--builder=a", "."})), "a");
    EXPECT_EQ(named_builder(buildx({"inspect", "--bootstrap", "a"})), "a");
    EXPECT_EQ(named_builder(buildx({"inspect", "--bootstrap"})), "");
    EXPECT_EQ(named_builder({"docker-buildx"}), "");
}

class BuildxStateTest : public testing::Test {
  protected:
    void write(const std::string& file, const std::string& text) const {
        std::filesystem::create_directories((dir_.path() / file).parent_path());
        std::ofstream(dir_.path() / file) << text;
    }

    [[nodiscard]] std::string text_of(const std::string& file) const {
        std::ifstream stream(dir_.path() / file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    [[nodiscard]] nlohmann::json read(const std::string& file) const {
        return nlohmann::json::parse(text_of(file));
    }

    tests::TempDir dir_;
    BuildxState state_{dir_.path()};
};

TEST_F(BuildxStateTest, IsReadFromBuildxFiles) {
    EXPECT_EQ(state_.current().name, "");
    EXPECT_EQ(state_.image_of("runner"), "");
    write("current", R"({"Key": "unix:///s", "Name": "runner", "Global": true})");
    write("instances/runner", R"({"Nodes": [{"DriverOpts": {"image": "kit"}}]})");
    EXPECT_EQ(state_.current().name, "runner");
    EXPECT_TRUE(state_.current().global);
    EXPECT_EQ(state_.image_of("runner"), "kit");
    for (const char* text :
         {"", "{", "[]", R"({"Nodes": null})", R"({"Nodes": []})", R"({"Nodes": [1]})",
          R"({"Nodes": [{"DriverOpts": {"image": 1}}]})", R"({"Nodes": [{"DriverOpts": null}]})"}) {
        write("instances/runner", text);
        write("current", text);
        EXPECT_EQ(state_.image_of("runner"), "") << text;
        EXPECT_EQ(state_.current().name, "") << text;
        EXPECT_FALSE(state_.current().global) << text;
    }
}

TEST_F(BuildxStateTest, ABuilderGetsTheJobsProxiesUnlessItHasItsOwn) {
    const std::map<std::string, std::string> proxies{{"HTTP_PROXY", "http://p:1"},
                                                     {"NO_PROXY", "a,b"}};
    write("instances/runner", R"({"Driver": "docker-container", "Nodes": [
        {"Name": "0", "DriverOpts": {"network": "host", "env.HTTP_PROXY": "own"}},
        {"Name": "1", "DriverOpts": null}, 3]})");
    state_.add_environment("runner", proxies);
    const auto nodes = read("instances/runner")["Nodes"];
    EXPECT_EQ(
        nodes[0]["DriverOpts"],
        nlohmann::json({{"network", "host"}, {"env.HTTP_PROXY", "own"}, {"env.NO_PROXY", "a,b"}}));
    EXPECT_EQ(nodes[1]["DriverOpts"],
              nlohmann::json({{"env.HTTP_PROXY", "http://p:1"}, {"env.NO_PROXY", "a,b"}}));
    for (const char* text :
         {"", "{", "[]", R"({"Driver": "remote", "Nodes": [{}]})",
          R"({"Driver": "docker-container"})", R"({"Driver": "docker-container", "Nodes": {}})"}) {
        write("instances/other", text);
        state_.add_environment("other", proxies);
        EXPECT_EQ(text_of("instances/other"), text);
    }
    write("outside", R"({"Driver": "docker-container", "Nodes": [{}]})");
    state_.add_environment("../outside", proxies);
    EXPECT_EQ(text_of("outside").find("PROXY"), std::string::npos);
}

TEST_F(BuildxStateTest, ThePreparedBuilderGivesItsNameAwayOnce) {
    EXPECT_FALSE(state_.is_prepared("runner"));
    write("instances/runner", "{}");
    write("current", R"({"Name": "runner"})");
    state_.mark_prepared("runner");
    EXPECT_TRUE(state_.is_prepared("runner"));
    EXPECT_FALSE(state_.is_prepared("other"));
    state_.release_prepared("runner", dir_.path() / "no-engine");
    EXPECT_FALSE(state_.is_prepared("runner"));
    EXPECT_FALSE(std::filesystem::exists(dir_.path() / "instances/runner"));
    EXPECT_EQ(state_.current().name, "runner");
}

TEST_F(BuildxStateTest, TheIdOfTheSlotIsWhereBuildxLooksForIt) {
    const std::string directory = (dir_.path() / "client/buildx").string();
    keep_build_node(directory, "0123456789abcdef");
    EXPECT_EQ(text_of("client/buildx/.buildNodeID"), "0123456789abcdef");
    keep_build_node(directory, "fedcba9876543210");
    EXPECT_EQ(text_of("client/buildx/.buildNodeID"), "0123456789abcdef") << "an own one stays";
}

TEST_F(BuildxStateTest, WhatIsNoIdOrHasNoPlaceIsLeftToBuildx) {
    const std::string directory = dir_.path().string();
    for (const char* id : {"", "0123", "0123456789ABCDEF", "0123456789abcdef0"}) {
        keep_build_node(directory, id);
        EXPECT_FALSE(std::filesystem::exists(dir_.path() / ".buildNodeID")) << id;
    }
    write("file", "x");
    keep_build_node(directory + "/file", "0123456789abcdef");
    EXPECT_EQ(text_of("file"), "x");
    // A link that a script has made leads nowhere.
    std::filesystem::create_symlink(dir_.path() / "elsewhere", dir_.path() / ".buildNodeID");
    keep_build_node(directory, "0123456789abcdef");
    EXPECT_FALSE(std::filesystem::exists(dir_.path() / "elsewhere"));
}

}  // namespace
}  // namespace executors::helper
