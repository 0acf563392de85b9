#include "protocol/gitlab/api_url.hpp"

#include <gtest/gtest.h>

namespace {

using protocol::gitlab::api_url;

struct Case {
    std::string configured;
    std::string endpoint;
    std::string path;
};

TEST(ApiUrl, IsBelowTheConfiguredAddress) {
    const std::vector<Case> cases{
        {"https://gitlab.example.com", "https://gitlab.example.com:443", "/api/v4"},
        {"https://gitlab.example.com/", "https://gitlab.example.com:443", "/api/v4"},
        {"http://h:8080///", "http://h:8080", "/api/v4"},
        {"http://h/ci", "http://h:80", "/api/v4"},
        {"http://h/ci/", "http://h:80", "/api/v4"},
        {"http://h/gitlab/ci", "http://h:80", "/gitlab/api/v4"},
        {"http://h/gitlab//ci//", "http://h:80", "/gitlab/api/v4"},
        {"http://h/ci/ci", "http://h:80", "/ci/api/v4"},
        {"http://h/gitlab-ci", "http://h:80", "/gitlab-ci/api/v4"},
        {"http://h/a/b?x=1#y", "http://h:80", "/a/b/api/v4"},
        {"HTTP://H.NET", "http://h.net:80", "/api/v4"},
        {"http://[::1]:3000", "http://[::1]:3000", "/api/v4"},
    };
    for (const auto& entry : cases) {
        const auto url = api_url(entry.configured);
        ASSERT_TRUE(url.has_value()) << entry.configured;
        EXPECT_EQ(url->endpoint, entry.endpoint) << entry.configured;
        EXPECT_EQ(url->path, entry.path) << entry.configured;
    }
}

TEST(ApiUrl, IsHttpOrHttps) {
    for (const char* text : {"", "gitlab.example.com", "ftp://h", "unix:///run/x", "file:///x",
                             "https://", "http://u:p@h"}) {
        const auto url = api_url(text);
        ASSERT_FALSE(url.has_value()) << text;
        EXPECT_TRUE(url.error().is(base::ErrorKind::kInvalidInput));
    }
}

}  // namespace
