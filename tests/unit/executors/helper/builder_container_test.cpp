#include "executors/helper/builder_container.hpp"

#include <gtest/gtest.h>

#include "executors/helper/builder_boot.hpp"
#include "executors/helper/posix.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/executors/helper/listening_engine.hpp"

namespace executors::helper {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

/// As buildx 0.13 notes a builder.
json noted() {
    return json::parse(R"({"Name": "runner", "Driver": "docker-container", "Dynamic": false,
        "Nodes": [{"Name": "runner0", "Endpoint": "unix:///var/run/docker.sock", "Platforms": null,
            "DriverOpts": {"env.A": "b=c", "image": "kit:1", "network": "host"},
            "Flags": ["--allow-insecure-entitlement", "network.host"],
            "Files": {"buildkitd.toml": "ZGVidWcgPSBmYWxzZQo="}}]})");
}

TEST(BuilderContainer, IsReadFromWhatBuildxNotes) {
    const auto container = container_of(noted());
    ASSERT_TRUE(container);
    EXPECT_EQ(container->image, "kit:1");
    EXPECT_EQ(container->network, "host");
    EXPECT_EQ(container->environment, (std::map<std::string, std::string>{{"A", "b=c"}}));
    EXPECT_EQ(container->flags, (Words{"--allow-insecure-entitlement", "network.host"}));
    EXPECT_EQ(container->files,
              (std::map<std::string, std::string>{{"buildkitd.toml", "debug = false\n"}}));
    json bare = noted();
    for (const char* key : {"DriverOpts", "Flags", "Files"}) bare["Nodes"][0].erase(key);
    EXPECT_EQ(container_of(bare), BuilderContainer{});
}

TEST(BuilderContainer, IsLeftToBuildxWhenSomethingOfItIsNotKnown) {
    const std::vector<std::pair<const char*, json>> changes{
        {"/Driver", "kubernetes"},
        {"/Nodes", json::array()},
        {"/Nodes", 1},
        {"/Nodes/1", noted()["Nodes"][0]},
        {"/Nodes/0/Endpoint", "tcp://docker:2376"},
        {"/Nodes/0/DriverOpts/memory", "1g"},
        {"/Nodes/0/DriverOpts/image", 1},
        {"/Nodes/0/DriverOpts", 1},
        {"/Nodes/0/Flags", "--debug"},
        {"/Nodes/0/Flags/0", 1},
        {"/Nodes/0/Files", 1},
        {"/Nodes/0/Files/buildkitd.toml", "*"},
        {"/Nodes/0/Files/buildkitd.toml", 1}};
    for (const auto& [place, value] : changes) {
        json instance = noted();
        instance[json::json_pointer(place)] = value;
        EXPECT_FALSE(container_of(instance)) << place << " " << value;
    }
    EXPECT_FALSE(container_of(json()));
    EXPECT_FALSE(container_of(json::parse("{", nullptr, false)));
}

class BuilderContainerStart : public testing::Test {
  protected:
    static constexpr const char* kCreate = "POST /containers/create?name=buildx_buildkit_runner0";
    static tests::ListeningEngine::Answers answers() {
        return {{"GET /info", {"200\r\n\r\n{\"CgroupDriver\": \"cgroupfs\"}"}},
                {kCreate, {"201\r\n\r\n{\"Id\": \"abc\"}"}},
                {"PUT /containers/abc/archive?path=/", {"200\r\n\r\n"}},
                {"POST /containers/abc/start", {"204\r\n\r\n"}}};
    }
    tests::TempDir dir_;
    BuilderContainer container_ = *container_of(noted());
    std::string name_ = builder_container_name("runner");
};

TEST_F(BuilderContainerStart, MakesWhatBuildxWouldMake) {
    tests::ListeningEngine engine(dir_.path(), answers());
    EXPECT_EQ(start_builder_container(engine.socket(), name_, container_), "abc");
    const auto requests = engine.requests();
    ASSERT_EQ(requests.size(), 4U);
    EXPECT_EQ(requests[1].line, kCreate);
    EXPECT_EQ(json::parse(requests[1].body), json::parse(R"({"Image": "kit:1", "Env": ["A=b=c"],
        "Cmd": ["--config", "/etc/buildkit/buildkitd.toml",
                "--allow-insecure-entitlement", "network.host"],
        "HostConfig": {"Privileged": true, "Init": true, "NetworkMode": "host",
            "CgroupParent": "/docker/buildx", "RestartPolicy": {"Name": "unless-stopped"},
            "Mounts": [{"Type": "volume", "Source": "buildx_buildkit_runner0_state",
                        "Target": "/var/lib/buildkit"}]}})"));
    EXPECT_EQ(requests[2].line, "PUT /containers/abc/archive?path=/");
    EXPECT_EQ(requests[2].body.substr(0, 27), std::string("etc/buildkit/buildkitd.toml"));
    EXPECT_NE(requests[2].body.find("debug = false\n"), std::string::npos);
    EXPECT_EQ(requests[3].line, "POST /containers/abc/start");
}

TEST_F(BuilderContainerStart, FollowsTheEnginesSettings) {
    auto other = answers();
    other["GET /info"] = {
        "200\r\n\r\n{\"CgroupDriver\": \"systemd\", \"SecurityOptions\": [\"name=userns\"]}"};
    tests::ListeningEngine engine(dir_.path(), other);
    container_ = {};
    container_.image = "kit";
    start_builder_container(engine.socket(), name_, container_);
    const auto requests = engine.requests();
    ASSERT_EQ(requests.size(), 3U) << "without files there is nothing to put";
    const json host = json::parse(requests[1].body)["HostConfig"];
    EXPECT_EQ(host["UsernsMode"], "host");
    EXPECT_FALSE(host.contains("CgroupParent"));
    EXPECT_FALSE(host.contains("NetworkMode"));
}

TEST_F(BuilderContainerStart, LeavesNothingWhenAStepFails) {
    for (const char* step : {"PUT /containers/abc/archive?path=/", "POST /containers/abc/start"}) {
        auto failing = answers();
        failing[step] = {"500\r\n\r\n{\"message\": \"no space\"}"};
        const tests::TempDir directory;
        tests::ListeningEngine engine(directory.path(), failing);
        try {
            start_builder_container(engine.socket(), name_, container_);
            ADD_FAILURE() << step;
        } catch (const Failure& failure) {
            EXPECT_NE(std::string(failure.what()).find("no space"), std::string::npos);
        }
        EXPECT_EQ(engine.lines().back(), "DELETE /containers/abc?force=1");
    }
    auto failing = answers();
    failing[kCreate] = {"409\r\n\r\n{\"message\": \"in use\"}"};
    tests::ListeningEngine engine(dir_.path(), failing);
    EXPECT_THROW(start_builder_container(engine.socket(), name_, container_), Failure);
    EXPECT_EQ(engine.lines().back(), kCreate) << "somebody else's container stays";
}

/// A builder that ends by itself.
TEST_F(BuilderContainerStart, ABootWithoutTheStateTellsWhetherTheStateIsTheReason) {
    const std::string look = "GET /containers/buildx_buildkit_runner0/json";
    auto all = answers();
    all["GET /images/kit:1/json"] = {"200\r\n\r\n{}"};
    all[look] = {"404\r\n\r\n",
                 "200\r\n\r\n{\"State\": {\"Running\": true, \"Restarting\": true}}"};
    tests::ListeningEngine engine(dir_.path(), all);
    const BuilderBoot boot{.buildx = "",
                           .builder = "runner",
                           .image = "kit:1",
                           .socket = engine.socket(),
                           .container = container_};
    EXPECT_EQ(boot_builder(boot), Booted::kNo);
    std::vector<json> hosts;
    Words removed;
    for (const auto& request : engine.requests()) {
        if (request.line == kCreate) hosts.push_back(json::parse(request.body)["HostConfig"]);
        if (request.line.starts_with("DELETE ")) removed.push_back(request.line);
    }
    ASSERT_EQ(hosts.size(), 2U);
    EXPECT_TRUE(hosts[0].contains("Mounts"));
    EXPECT_FALSE(hosts[1].contains("Mounts"));
    // It ends without the state, too: the state stays.
    EXPECT_EQ(removed, (Words{"DELETE /containers/buildx_buildkit_runner0?force=1",
                              "DELETE /containers/buildx_buildkit_runner0?force=1&v=1"}));
}

}  // namespace
}  // namespace executors::helper
