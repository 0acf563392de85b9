#include "protocol/gitlab/runner_state.hpp"

#include <gtest/gtest.h>

namespace protocol::gitlab {
namespace {

http::Response answer(std::string body) {
    http::Response answer;
    answer.status = 200;
    answer.headers.set("Content-Type", "application/json");
    answer.body = std::move(body);
    return answer;
}

TEST(RunnerState, IsReadFromTheDescriptionOfARunner) {
    const auto state = read_runner_state(answer(R"({"id":7,"paused":true,"active":false})"));
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->id, 7);
    EXPECT_TRUE(state->paused);
}

TEST(RunnerState, IsNotGuessed) {
    for (const char* body : {"", "[]", "{}", R"({"id":7})", R"({"id":7,"paused":null})",
                             R"({"id":"7","paused":true})"}) {
        const auto state = read_runner_state(answer(body));
        ASSERT_FALSE(state.has_value()) << body;
        EXPECT_TRUE(state.error().is(base::ErrorKind::kProtocol)) << body;
    }
}

}  // namespace
}  // namespace protocol::gitlab
