#include "executors/helper/docker_wrappers.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "executors/helper/docker_front.hpp"
#include "executors/helper/socket_sharing.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

using Words = std::vector<std::string>;

TEST(DockerdWrapper, RemovesTheUnencryptedListenerInEverySpelling) {
    const Words plain{"dockerd", "--host=unix:///var/run/docker.sock"};
    for (const Words& extra :
         {Words{"--host=tcp://0.0.0.0:2375"}, Words{"--host", "tcp://0.0.0.0:2375"},
          Words{"-H", "tcp://0.0.0.0:2375"}, Words{"-H=tcp://0.0.0.0:2375"},
          Words{"-Htcp://[::]:2375"}}) {
        Words all = plain;
        all.insert(all.end(), extra.begin(), extra.end());
        EXPECT_EQ(rewrite_dockerd(all), plain) << extra.front();
    }
}

TEST(DockerdWrapper, KeepsAllOtherArguments) {
    for (const Words& words :
         {Words{"dockerd", "--host=tcp://0.0.0.0:2376", "--tlsverify"},
          Words{"dockerd", "--host=tcp://0.0.0.0:2375", "--tlsverify"},
          Words{"dockerd", "--host=tcp://10.0.0.1:2375"}, Words{"dockerd", "-H"},
          Words{"dockerd", "--mtu", "1400", "-H", "fd://"}}) {
        EXPECT_EQ(rewrite_dockerd(words), words);
    }
}

TEST(DockerdWrapper, OpensThePortOnTheLoopbackAddressOnly) {
    const Words opened{"dockerd", "--host=unix:///var/run/docker.sock",
                       "--host=tcp://127.0.0.1:2375", "--tls=false"};
    for (const Words& words :
         {Words{"dockerd", "--host=unix:///var/run/docker.sock", "--host=tcp://0.0.0.0:2375"},
          Words{"dockerd", "--host=unix:///var/run/docker.sock"}, Words{"dockerd"}}) {
        EXPECT_EQ(open_dockerd(words), opened);
    }
    const Words tls{"dockerd", "--host=tcp://0.0.0.0:2376", "--tlsverify"};
    EXPECT_EQ(open_dockerd(tls), tls);
    EXPECT_EQ(open_dockerd({"dockerd", "-H", "fd://", "--tls=false"}),
              (Words{"dockerd", "-H", "fd://", "--tls=false", "--host=tcp://127.0.0.1:2375"}));
}

TEST(DockerdWrapper, ListensAsWanted) {
    const Words words{"dockerd", "--host=unix:///a.sock", "--host=tcp://0.0.0.0:2375"};
    EXPECT_EQ(listen_as_wanted(words, "all"), words);
    EXPECT_EQ(listen_as_wanted(words, "1"), open_dockerd(words));
    EXPECT_EQ(listen_as_wanted(words, ""), rewrite_dockerd(words));
}

TEST(DockerFront, SkipsTheClientOnlyForThePluginThatItWouldCall) {
    const tests::TempDir dir;
    const std::string self = dir.path() / "self";
    const std::string other = dir.path() / "other";
    std::filesystem::create_symlink("/proc/self/exe", self);
    std::ofstream(other) << "another plugin";
    const ClientFiles files{dir.path(), self};
    EXPECT_TRUE(may_skip_client({"docker", "buildx", "ls"}, files));
    EXPECT_FALSE(may_skip_client({"docker", "build", "."}, files));
    EXPECT_FALSE(may_skip_client({"docker", "-H", "tcp://h:1", "buildx", "ls"}, files));
    EXPECT_FALSE(may_skip_client({"docker"}, files));
    EXPECT_FALSE(may_skip_client({"docker", "buildx"}, {dir.path(), other}));
    EXPECT_FALSE(may_skip_client({"docker", "buildx"}, {dir.path(), dir.path() / "none"}));
    for (const auto& [config, skips] : std::vector<std::pair<std::string, bool>>{
             {R"({"auths": {"r": {}}})", true},
             {R"({"aliases": {"builder": "buildx"}})", false},
             {R"({"cliPluginsExtraDirs": ["/p"]})", false},
             {R"({"plugins": {"scout": {"hooks": "pull"}}})", false},
             {"{", false}}) {
        std::ofstream(dir.path() / "config.json") << config;
        EXPECT_EQ(may_skip_client({"docker", "buildx"}, files), skips) << config;
    }
    std::filesystem::remove(dir.path() / "config.json");
    std::filesystem::create_directory(dir.path() / "cli-plugins");
    std::filesystem::create_symlink(other, dir.path() / "cli-plugins/docker-buildx");
    EXPECT_FALSE(may_skip_client({"docker", "buildx"}, files)) << "a plugin of the user's own";
}

TEST(SharedSockets, AreThoseThatTheEngineListensAt) {
    EXPECT_EQ(sockets_of({"dockerd"}), Words{"/var/run/docker.sock"});
    EXPECT_EQ(sockets_of({"dockerd", "--host=unix:///a.sock", "-H", "unix:///b.sock", "-H=unix://",
                          "-Hunix:///c.sock", "--host", "tcp://0.0.0.0:2375"}),
              (Words{"/a.sock", "/b.sock", "/var/run/docker.sock", "/c.sock"}));
    EXPECT_EQ(sockets_of({"dockerd", "--host=fd://"}), Words{});
}

}  // namespace
}  // namespace executors::helper
