#include "executors/helper/proxies.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace executors::helper {
namespace {

using Variables = std::map<std::string, std::string>;

constexpr const char* kNames[] = {"HTTP_PROXY",  "HTTPS_PROXY", "NO_PROXY",       "http_proxy",
                                  "https_proxy", "no_proxy",    "RUNNER_NO_PROXY"};

class ProxiesTest : public testing::Test {
  protected:
    void SetUp() override { clear(); }
    void TearDown() override { clear(); }
    static void clear() {
        for (const char* name : kNames) ::unsetenv(name);
    }
    static Variables with(const Variables& environment) {
        clear();
        for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
        return proxy_variables();
    }
};

TEST_F(ProxiesTest, NoProxyIsCompletedInEverySpelling) {
    const std::string more = "docker,reg.net";
    struct Case {
        Variables environment;
        Variables found;
    };
    for (const auto& [environment, found] : std::vector<Case>{
             {{}, {}},
             {{{"NO_PROXY", "a"}}, {}},
             {{{"HTTP_PROXY", "http://p"}},
              {{"HTTP_PROXY", "http://p"}, {"NO_PROXY", "docker,reg.net"}}},
             {{{"https_proxy", "http://p"}, {"no_proxy", "a,docker"}},
              {{"https_proxy", "http://p"}, {"no_proxy", "a,docker,reg.net"}}},
             {{{"HTTPS_PROXY", "p"}, {"NO_PROXY", "*"}, {"no_proxy", "b"}},
              {{"HTTPS_PROXY", "p"}, {"NO_PROXY", "*"}, {"no_proxy", "b,docker,reg.net"}}}}) {
        Variables all = environment;
        all["RUNNER_NO_PROXY"] = more;
        EXPECT_EQ(with(all), found);
    }
    EXPECT_EQ(with({{"HTTP_PROXY", "p"}}), (Variables{{"HTTP_PROXY", "p"}}));
}

TEST_F(ProxiesTest, ProgramsThatAreStartedGetThem) {
    with({{"HTTP_PROXY", "p"}, {"RUNNER_NO_PROXY", "docker"}});
    export_proxy_variables();
    EXPECT_STREQ(std::getenv("NO_PROXY"), "docker");
}

}  // namespace
}  // namespace executors::helper
