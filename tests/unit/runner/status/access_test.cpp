#include "runner/status/access.hpp"

#include <gtest/gtest.h>

namespace runner::status {
namespace {

protocol::http::Request request_for(const std::string& target,
                                    const std::string& authorization = "") {
    protocol::http::Request request;
    request.target = target;
    request.headers.set("Host", "127.0.0.1:9252");
    if (!authorization.empty()) request.headers.set("Authorization", authorization);
    return request;
}

unsigned verdict(const Access& access, const protocol::http::Request& request) {
    const auto refused = access.refuse(request);
    return refused ? refused->status : 200;
}

TEST(Access, WithoutATokenEveryPageIsOpen) {
    const Access access(AllowedHosts({}, {}), base::Secret());
    for (const auto* path : {"/", "/status.json", "/metrics", "/jobs/1/log"}) {
        EXPECT_EQ(verdict(access, request_for(path)), 200U) << path;
        EXPECT_EQ(verdict(access, request_for(path, "Bearer x")), 200U) << path;
    }
}

TEST(Access, ATokenIsNeededForEverythingThatTells) {
    const Access access(AllowedHosts({}, {}), base::Secret("correct-horse"));
    for (const auto* path : {"/status.json", "/metrics", "/jobs", "/jobs/1/log?from=0",
                             "/debug/jobs/list", "/nothing", "/health", "//", "/page.js/"}) {
        EXPECT_EQ(verdict(access, request_for(path)), 401U) << path;
        EXPECT_EQ(verdict(access, request_for(path, "Bearer correct-horse")), 200U) << path;
        EXPECT_EQ(verdict(access, request_for(path, "bearer  correct-horse ")), 200U) << path;
    }
    for (const auto* path : {"/", "/?x", "/page.css", "/page.js", "/health/live"}) {
        EXPECT_EQ(verdict(access, request_for(path)), 200U) << path;
    }
    for (const auto* wrong : {"Bearer", "Bearer ", "Bearer correct-hors", "Bearer correct-horsf",
                              "Bearer correct-horse2", "Basic correct-horse", "correct-horse"}) {
        EXPECT_EQ(verdict(access, request_for("/jobs", wrong)), 401U) << wrong;
    }
    EXPECT_EQ(access.refuse(request_for("/jobs"))->headers.get("WWW-Authenticate"), "Bearer");
}

TEST(Access, AForeignNameIsRefusedWithAToken) {
    const Access access(AllowedHosts({}, {}), base::Secret("t"));
    auto request = request_for("/", "Bearer t");
    request.headers.set("Host", "evil.example");
    EXPECT_EQ(verdict(access, request), 403U);
}

TEST(Access, BrowsersMayNotRunWhatIsNotOfThePage) {
    protocol::http::Response response;
    add_browser_rules(response);
    const std::string rules(response.headers.get("Content-Security-Policy"));
    EXPECT_NE(rules.find("default-src 'none'"), std::string::npos);
    EXPECT_EQ(rules.find("unsafe"), std::string::npos);
    EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_FALSE(response.headers.has("Access-Control-Allow-Origin"));
}

}  // namespace
}  // namespace runner::status
