#include "executors/helper/docker_wrappers.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace executors::helper
