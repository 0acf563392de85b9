#include "executors/docker/git_mirrors.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace executors::docker {
namespace {

using From = GitClone::From;
using std::chrono::milliseconds;

GitClone clone(From from, int ms, std::uint64_t bytes) { return {from, milliseconds(ms), bytes}; }

TEST(GitMirrors, AreFilledAfterACloneThatWasSlowAndLarge) {
    const auto after = [](GitClone done) { return filling_after(GitMirrorMode::kAuto, done, 0); };
    EXPECT_EQ(after(clone(From::kServer, 5000, 50'000'000)), MirrorFilling::kUpdate);
    EXPECT_EQ(after(clone(From::kServer, 4999, 50'000'000)), MirrorFilling::kNone);
    EXPECT_EQ(after(clone(From::kServer, 5000, 49'999'999)), MirrorFilling::kNone);
}

TEST(GitMirrors, AreFilledAfterEachCloneOrNeverWhenTheConfigurationSaysSo) {
    const auto small = clone(From::kServer, 1, 1);
    EXPECT_EQ(filling_after(GitMirrorMode::kOn, small, 0), MirrorFilling::kUpdate);
    const auto large = clone(From::kServer, 60000, 1'000'000'000);
    EXPECT_EQ(filling_after(GitMirrorMode::kOff, large, 0), MirrorFilling::kNone);
}

TEST(GitMirrors, AreUpdatedWhenTheyLackedMuch) {
    const auto mode = GitMirrorMode::kAuto;
    const auto done = clone(From::kMirror, 100, 110'000'000);
    EXPECT_EQ(filling_after(mode, done, 100'000'000), MirrorFilling::kUpdate);
    EXPECT_EQ(filling_after(mode, done, 100'000'001), MirrorFilling::kNone);
    EXPECT_EQ(filling_after(mode, done, 200'000'000), MirrorFilling::kNone);
    const auto damaged = clone(From::kDamagedMirror, 1, 1);
    EXPECT_EQ(filling_after(mode, damaged, 0), MirrorFilling::kRenew);
}

TEST(GitMirrors, HaveContainersWithTheNetworkOfTheConfiguration) {
    MirrorContainer container;
    container.image = "id";
    container.helper_volume = "programs";
    container.mirror_bind = "mirror:/.runner-mirror:ro";
    container.builds_bind = "builds:/.runner-builds:nocopy";
    container.limit = std::chrono::seconds(7);
    DockerSettings docker;
    docker.network_mode = "inside";
    docker.extra_hosts = {"git.test:10.0.0.1"};
    docker.privileged = true;
    const auto body = nlohmann::json::parse(mirror_container_body(container, docker));
    EXPECT_EQ(body["User"], "0");
    EXPECT_EQ(body["Cmd"], nlohmann::json({"mirror", "wait", "7"}));
    const auto& host = body["HostConfig"];
    EXPECT_EQ(host["NetworkMode"], "inside");
    EXPECT_EQ(host["ExtraHosts"], nlohmann::json({"git.test:10.0.0.1"}));
    EXPECT_FALSE(host.contains("Privileged"));
    EXPECT_EQ(host["Binds"], nlohmann::json({"programs:/.runner:ro", "mirror:/.runner-mirror:ro",
                                             "builds:/.runner-builds:nocopy"}));
    docker.network_mode = "container:other";
    const auto alone = nlohmann::json::parse(mirror_container_body(container, docker));
    EXPECT_FALSE(alone["HostConfig"].contains("NetworkMode"));
}

TEST(GitMirrors, TellTheHelperOnOneLine) {
    GitMirrorSource source;
    source.url = "https://git.test/a/b.git";
    source.password = base::Secret("secret\n");
    source.depth = 20;
    const std::string text = mirror_request(source, true);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    const auto request = nlohmann::json::parse(text);
    EXPECT_EQ(request["password"], "secret\n");
    EXPECT_EQ(request["depth"], 20);
    EXPECT_EQ(request["renew"], true);
}

TEST(GitMirrors, ReadTheHelpersAnswer) {
    const auto answer = parse_mirror_answer("{\"bytes\":12,\"state\":\"done\"}\n");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->state, "done");
    EXPECT_EQ(answer->bytes, 12U);
    for (const char* text : {"", "[]", "{\"bytes\":1}", "killed"}) {
        EXPECT_FALSE(parse_mirror_answer(text)) << text;
    }
}

}  // namespace
}  // namespace executors::docker
