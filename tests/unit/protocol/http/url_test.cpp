#include "protocol/http/url.hpp"

#include <gtest/gtest.h>

namespace {

using protocol::http::parse_url;
using protocol::http::resolve_reference;
using protocol::http::Scheme;

struct Parts {
    std::string text;
    std::string authority;
    std::string origin;
    std::string target;
};

TEST(Url, IsSplitIntoOriginAndTarget) {
    const std::vector<Parts> cases{
        {"http://h", "h", "http://h:80", "/"},
        {"https://h", "h", "https://h:443", "/"},
        {"HTTPS://Host.NET/Path?Q=1", "host.net", "https://host.net:443", "/Path?Q=1"},
        {"http://h:8080/a", "h:8080", "http://h:8080", "/a"},
        {"http://h:80/a", "h", "http://h:80", "/a"},
        {"http://h:443", "h:443", "http://h:443", "/"},
        {"http://h:/a", "h", "http://h:80", "/a"},
        {"http://h?x=1", "h", "http://h:80", "/?x=1"},
        {"http://h/a#b?c", "h", "http://h:80", "/a"},
        {"http://h#x", "h", "http://h:80", "/"},
        {"http://[FD00::1]/a", "[fd00::1]", "http://[fd00::1]:80", "/a"},
        {"http://[::1]:81/a", "[::1]:81", "http://[::1]:81", "/a"},
        {"http://h/a@b?c@d", "h", "http://h:80", "/a@b?c@d"},
        {"unix:///run/docker.sock", "localhost", "unix:///run/docker.sock", "/"},
    };
    for (const auto& expected : cases) {
        const auto url = parse_url(expected.text);
        ASSERT_TRUE(url.has_value()) << expected.text;
        EXPECT_EQ(url->origin.authority(), expected.authority) << expected.text;
        EXPECT_EQ(url->origin.text(), expected.origin) << expected.text;
        EXPECT_EQ(url->target, expected.target) << expected.text;
    }
    EXPECT_EQ(parse_url("http://[::1]:81")->origin.host, "::1");
    EXPECT_EQ(parse_url("unix:///a b")->origin.path, "/a b");
}

TEST(Url, RefusesUnusableAddresses) {
    for (const char* text : {"",
                             "h",
                             "//h",
                             "http:/h",
                             "http://",
                             "http:///a",
                             "http://:80",
                             "ftp://h",
                             "unix://rel",
                             "http://h:0",
                             "http://h:65536",
                             "http://h:x",
                             "http://h:-1",
                             "http://h:+1",
                             "http://h:1x",
                             "http://::1",
                             "http://[::1",
                             "http://[]",
                             "http://[::1]x",
                             "http://h /a",
                             "http://h/a b",
                             "http://h/\r\nX: y",
                             "http://h/\x7f",
                             "http://u@h",
                             "http://u:p@h/a"}) {
        const auto url = parse_url(text);
        EXPECT_FALSE(url.has_value()) << text;
        if (url) continue;
        EXPECT_TRUE(url.error().is(base::ErrorKind::kInvalidInput));
    }
}

TEST(Url, AnErrorDoesNotShowThePassword) {
    for (const char* text : {"http://user:s3cret@h/a", "http://user:s3cret@h:x", "user:s3cret@h"}) {
        const auto url = parse_url(text);
        ASSERT_FALSE(url.has_value());
        EXPECT_EQ(url.error().message.find("s3cret"), std::string::npos) << url.error().message;
        EXPECT_NE(url.error().message.find("@h"), std::string::npos);
    }
}

TEST(Reference, ResolvesAsTheExamplesOfRfc3986) {
    const auto from = parse_url("http://a/b/c/d;p?q");
    const std::vector<std::pair<std::string, std::string>> cases{{"g", "/b/c/g"},
                                                                 {"./g", "/b/c/g"},
                                                                 {"g/", "/b/c/g/"},
                                                                 {"/g", "/g"},
                                                                 {"?y", "/b/c/d;p?y"},
                                                                 {"g?y", "/b/c/g?y"},
                                                                 {"#s", "/b/c/d;p?q"},
                                                                 {"g#s", "/b/c/g"},
                                                                 {"g?y#s", "/b/c/g?y"},
                                                                 {";x", "/b/c/;x"},
                                                                 {"g;x?y#s", "/b/c/g;x?y"},
                                                                 {"", "/b/c/d;p?q"},
                                                                 {".", "/b/c/"},
                                                                 {"./", "/b/c/"},
                                                                 {"..", "/b/"},
                                                                 {"../", "/b/"},
                                                                 {"../g", "/b/g"},
                                                                 {"../..", "/"},
                                                                 {"../../", "/"},
                                                                 {"../../g", "/g"},
                                                                 {"../../../g", "/g"},
                                                                 {"/./g", "/g"},
                                                                 {"/../g", "/g"},
                                                                 {"g.", "/b/c/g."},
                                                                 {".g", "/b/c/.g"},
                                                                 {"g..", "/b/c/g.."},
                                                                 {"..g", "/b/c/..g"},
                                                                 {"./../g", "/b/g"},
                                                                 {"./g/.", "/b/c/g/"},
                                                                 {"g/./h", "/b/c/g/h"},
                                                                 {"g/../h", "/b/c/h"},
                                                                 {"g;x=1/./y", "/b/c/g;x=1/y"},
                                                                 {"g;x=1/../y", "/b/c/y"},
                                                                 {"g?y/../x", "/b/c/g?y/../x"}};
    for (const auto& [reference, target] : cases) {
        const auto url = resolve_reference(*from, reference);
        ASSERT_TRUE(url.has_value()) << reference;
        EXPECT_EQ(url->target, target) << reference;
        EXPECT_EQ(url->origin, from->origin) << reference;
    }
}

TEST(Reference, MayNameAnotherHost) {
    const auto from = parse_url("https://a/b");
    EXPECT_EQ(resolve_reference(*from, "//other:1/x")->origin.text(), "https://other:1");
    EXPECT_EQ(resolve_reference(*from, "http://other/x?y")->origin.text(), "http://other:80");
    EXPECT_EQ(resolve_reference(*from, "http://other/x?y")->target, "/x?y");
    EXPECT_EQ(resolve_reference(*from, "x?u=http://y")->target, "/x?u=http://y");
    for (const char* text : {"ftp://h", "mailto:x", "http://", "a b", "/a\r\nX: y", "//u:p@h/"}) {
        EXPECT_FALSE(resolve_reference(*from, text).has_value()) << text;
    }
}

}  // namespace
