#include "executors/helper/docker_wrappers.hpp"

#include <gtest/gtest.h>

#include "executors/helper/socket_sharing.hpp"

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

TEST(SharedSockets, AreThoseThatTheEngineListensAt) {
    EXPECT_EQ(sockets_of({"dockerd"}), Words{"/var/run/docker.sock"});
    EXPECT_EQ(sockets_of({"dockerd", "--host=unix:///a.sock", "-H", "unix:///b.sock", "-H=unix://",
                          "-Hunix:///c.sock", "--host", "tcp://0.0.0.0:2375"}),
              (Words{"/a.sock", "/b.sock", "/var/run/docker.sock", "/c.sock"}));
    EXPECT_EQ(sockets_of({"dockerd", "--host=fd://"}), Words{});
}

}  // namespace
}  // namespace executors::helper
