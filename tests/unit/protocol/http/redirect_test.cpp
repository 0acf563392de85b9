#include "protocol/http/redirect.hpp"

#include <gtest/gtest.h>

namespace {

using protocol::http::follow_redirect;
using protocol::http::parse_url;
using protocol::http::Request;
using protocol::http::Response;
using protocol::http::Url;

Response moved(unsigned status, const std::string& location) {
    Response answer;
    answer.status = status;
    if (!location.empty()) answer.headers.set("Location", location);
    return answer;
}

Request post() {
    Request request;
    request.method = "POST";
    request.target = "/a/b";
    request.body = "body";
    request.headers.set("Content-Type", "text/plain");
    request.headers.set("Host", "old");
    request.headers.set("JOB-TOKEN", "secret");
    request.headers.set("Accept", "*/*");
    return request;
}

TEST(Redirect, RepeatsOrTurnsIntoGetByStatus) {
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        Request request = post();
        Url here = *parse_url("https://h/a/b");
        ASSERT_TRUE(follow_redirect(moved(status, "../c?d"), request, here)) << status;
        const bool repeats = status >= 307;
        EXPECT_EQ(request.method, repeats ? "POST" : "GET") << status;
        EXPECT_EQ(request.body, repeats ? "body" : "") << status;
        EXPECT_EQ(request.headers.has("Content-Type"), repeats) << status;
        EXPECT_EQ(request.target, "/c?d");
        EXPECT_EQ(here.target, "/c?d");
        EXPECT_FALSE(request.headers.has("Host"));
        EXPECT_TRUE(request.headers.has("JOB-TOKEN"));
    }
}

TEST(Redirect, LeavesAnswersThatAreFinal) {
    const Url start = *parse_url("https://h/a");
    for (const auto& answer : {moved(200, "/x"), moved(304, "/x"), moved(302, ""),
                               moved(302, "ftp://x"), moved(302, "unix:///x"), moved(302, "a b")}) {
        Request request = post();
        Url here = start;
        EXPECT_FALSE(follow_redirect(answer, request, here));
        EXPECT_EQ(request.method, "POST");
        EXPECT_EQ(request.target, "/a/b");
        EXPECT_EQ(here.target, "/a");
    }
    Request streamed = post();
    streamed.source.emplace();
    Url here = start;
    EXPECT_FALSE(follow_redirect(moved(307, "/x"), streamed, here));
    Request local = post();
    Url socket = *parse_url("unix:///run/x");
    EXPECT_FALSE(follow_redirect(moved(307, "http://h/x"), local, socket));
}

struct Hop {
    const char* from;
    const char* to;
    bool keeps;
};

TEST(Redirect, KeepsCredentialsWithTheirHost) {
    const std::vector<Hop> cases{
        {"https://h/a", "https://h/b", true},      {"https://h/a", "https://H:443/b", true},
        {"http://h/a", "https://h/b", true},       {"https://h/a", "http://h/b", false},
        {"https://h/a", "https://other/b", false}, {"https://h/a", "https://sub.h/b", false},
        {"https://h/a", "https://h:444/b", false}, {"http://h:8080/a", "https://h/b", false},
        {"http://h/a", "https://h:8443/b", false},
    };
    for (const auto& hop : cases) {
        Request request = post();
        for (const char* name :
             {"RUNNER-TOKEN", "Private-Token", "Authorization", "Cookie", "X-Registry-Auth"}) {
            request.headers.set(name, "secret");
        }
        Url here = *parse_url(hop.from);
        ASSERT_TRUE(follow_redirect(moved(307, hop.to), request, here)) << hop.to;
        int secrets = 0;
        for (const auto& field : request.headers.all()) secrets += field.second == "secret" ? 1 : 0;
        EXPECT_EQ(secrets, hop.keeps ? 6 : 0) << hop.from << " to " << hop.to;
        EXPECT_TRUE(request.headers.has("Accept"));
    }
}

}  // namespace
