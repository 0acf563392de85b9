#include "protocol/http/proxy.hpp"

#include <gtest/gtest.h>

#include <map>

namespace {

using protocol::http::parse_url;
using protocol::http::ProxySettings;
using Environment = std::map<std::string, std::string>;

base::Result<ProxySettings> settings(const Environment& environment) {
    return ProxySettings::from_environment([&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    });
}

std::string chosen(const Environment& environment, const std::string& url) {
    const auto read = settings(environment);
    if (!read) return "error";
    const auto* proxy = read->choose(parse_url(url)->origin);
    return proxy == nullptr ? "" : proxy->origin.text();
}

TEST(Proxy, IsChosenByScheme) {
    const Environment both{{"HTTP_PROXY", "http://p:1"}, {"https_proxy", "q:2"}};
    EXPECT_EQ(chosen(both, "http://h"), "http://p:1");
    EXPECT_EQ(chosen(both, "https://h"), "http://q:2");
    EXPECT_EQ(chosen(both, "unix:///run/x"), "");
    EXPECT_EQ(chosen({{"HTTP_PROXY", "p"}}, "https://h"), "");
    EXPECT_EQ(chosen({{"HTTP_PROXY", "p"}, {"http_proxy", "q"}}, "http://h"), "http://p:80");
    EXPECT_EQ(chosen({}, "http://h"), "");
}

TEST(Proxy, IsNotUsedForLoopbackAndExceptions) {
    struct Case {
        const char* exceptions;
        const char* url;
        bool direct;
    };
    const std::vector<Case> cases{
        {"", "http://localhost:8080", true},
        {"", "http://127.0.0.2", true},
        {"", "http://[::1]", true},
        {"*", "http://h.net", true},
        {"a.net, H.NET ", "http://h.net", true},
        {"h.net", "http://sub.h.net", true},
        {".h.net", "http://sub.h.net", true},
        {"*.h.net", "http://sub.h.net", true},
        {".h.net", "http://h.net", false},
        {"h.net", "http://xh.net", false},
        {"h.net:81", "http://h.net:81", true},
        {"h.net:81", "http://h.net", false},
        {"10.0.0.0/8", "http://10.1.2.3", true},
        {"10.0.0.0/8", "http://11.1.2.3", false},
        {"10.1.2.3", "http://10.1.2.3", true},
        {"2.3", "http://10.1.2.3", false},
        {"fd00::/8", "http://[fd12::1]", true},
        {"[fd12::1]:80", "http://[fd12::1]", true},
        {"fd12::1", "http://[fd12::1]", true},
        {"10.0.0.0/99", "http://10.1.2.3", false},
    };
    for (const auto& entry : cases) {
        const Environment environment{{"HTTP_PROXY", "p"}, {"no_proxy", entry.exceptions}};
        EXPECT_EQ(chosen(environment, entry.url), entry.direct ? "" : "http://p:80")
            << entry.exceptions << " for " << entry.url;
    }
}

TEST(Proxy, TakesItsPasswordFromTheAddress) {
    const auto read = settings({{"HTTP_PROXY", "http://user:p%40ss@p:3128/"}});
    ASSERT_TRUE(read.has_value());
    const auto* proxy = read->choose(parse_url("http://h")->origin);
    ASSERT_NE(proxy, nullptr);
    EXPECT_EQ(proxy->origin.text(), "http://p:3128");
    EXPECT_EQ(proxy->authorization.reveal(), "Basic dXNlcjpwQHNz");
}

std::string described(const std::string& address) {
    const auto read = settings({{"HTTPS_PROXY", address}});
    if (!read) return read.error().message;
    const auto* proxy = read->choose(parse_url("https://h")->origin);
    return proxy->shown() + " " + proxy->user + ":" + proxy->password.reveal() + " " +
           proxy->authorization.reveal();
}

TEST(Proxy, IsSpokenToAsItsAddressSays) {
    EXPECT_EQ(described("p"), "http://p:80 : ");
    EXPECT_EQ(described("HTTPS://u:p@P"), "https://p:443 : Basic dTpw");
    EXPECT_EQ(described("https://p:3129/"), "https://p:3129 : ");
    EXPECT_EQ(described("socks5://p"), "socks5://p:1080 : ");
    EXPECT_EQ(described("socks5h://us%3Aer@p:80"), "socks5://p:80 us:er ");
    EXPECT_EQ(described("socks5://u:p%40s@[fd00::1]"), "socks5://[fd00::1]:1080 u:p@s ");
    EXPECT_EQ(described("socks5://[fd00::1]:9"), "socks5://[fd00::1]:9 : ");
}

TEST(Proxy, AnUnusableProxyIsReportedWithItsVariable) {
    const std::string long_user(300, 's');
    for (const std::string& address :
         {std::string("socks4://u:s3cret@p"), std::string("ftp://p"), std::string("http://"),
          std::string("http://u:s3cret@p:x"), std::string("http://u:s3cret/x@p:1"),
          std::string("socks5://u:s3cret?x@p:1"), std::string("http://u:s3cret#x@p:1"),
          std::string("socks5://:s3cret@p"), "socks5://" + long_user + ":s3cret@p"}) {
        const auto read = settings({{"HTTPS_PROXY", address}});
        ASSERT_FALSE(read.has_value()) << address;
        EXPECT_TRUE(read.error().is(base::ErrorKind::kInvalidInput));
        EXPECT_NE(read.error().message.find("HTTPS_PROXY"), std::string::npos);
        EXPECT_EQ(read.error().message.find("s3cret"), std::string::npos);
    }
}

TEST(Proxy, ALoginThatIsNotPercentEncodedIsNamed) {
    const auto read = settings({{"HTTPS_PROXY", "http://u:a/b@p:1"}});
    ASSERT_FALSE(read.has_value());
    EXPECT_NE(read.error().message.find("must be written as %2F"), std::string::npos);
    EXPECT_EQ(settings({{"HTTPS_PROXY", "http://u:a%2Fb@p:1/"}}).has_value(), true);
}

}  // namespace
