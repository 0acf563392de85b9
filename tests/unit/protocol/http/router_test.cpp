#include "protocol/http/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run_to_end.hpp"

namespace protocol::http {
namespace {

base::Task<Response> cancel_job(Router::Call call) {
    co_return text_response(202, "cancelled " + call.values.at(0));
}

Router sample() {
    Router router;
    router.add_page("/", [](const Router::Call&) { return text_response(200, "start"); });
    router.add_page("/jobs/{id}", [](const Router::Call& call) {
        return text_response(
            200, "job " + call.values.at(0) + " from " + call.query("from").value_or("nowhere"));
    });
    router.add("POST", "/jobs/{id}/cancel", cancel_job);
    return router;
}

Response ask(const std::string& method, const std::string& target) {
    const Router router = sample();
    Request request;
    request.method = method;
    request.target = target;
    return tests::run_to_end(router.answer(std::move(request)));
}

struct Route {
    const char* method;
    const char* target;
    unsigned status;
    const char* body;
};

TEST(Router, FindsTheHandlerByMethodAndPath) {
    for (const auto& [method, target, status, body] : std::vector<Route>{
             {"GET", "/", 200, "start"},
             {"HEAD", "/", 200, "start"},
             {"GET", "/?x=1", 200, "start"},
             {"GET", "/jobs/12", 200, "job 12 from nowhere"},
             {"GET", "/jobs/a%2Fb", 200, "job a/b from nowhere"},
             {"GET", "/jobs/12?to=3&from=1%302", 200, "job 12 from 102"},
             {"GET", "/jobs/12?from", 200, "job 12 from "},
             {"POST", "/jobs/12/cancel", 202, "cancelled 12"},
         }) {
        const auto response = ask(method, target);
        EXPECT_EQ(response.status, status) << method << " " << target;
        EXPECT_EQ(response.body, body) << method << " " << target;
    }
}

TEST(Router, AnUnknownPathNamesThePages) {
    for (const auto* target : {"/job", "/jobs", "/jobs/", "/jobs/1/2", "//", "", "jobs/1"}) {
        const auto response = ask("GET", target);
        EXPECT_EQ(response.status, 404U) << target;
        EXPECT_THAT(response.body, testing::EndsWith("There is:\n/\n/jobs/{id}\n"));
    }
}

TEST(Router, AnotherMethodIsRefusedWithTheAllowedOnes) {
    const auto page = ask("POST", "/jobs/12");
    EXPECT_EQ(page.status, 405U);
    EXPECT_EQ(page.headers.get("Allow"), "GET, HEAD");
    const auto action = ask("GET", "/jobs/12/cancel");
    EXPECT_EQ(action.status, 405U);
    EXPECT_EQ(action.headers.get("Allow"), "POST");
}

}  // namespace
}  // namespace protocol::http
