#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/protocol/http/exchange.hpp"

namespace protocol::http {
namespace {

using base::ErrorKind;
using testing::EndsWith;
using testing::HasSubstr;

ClientOptions by_program(std::vector<std::string> program) {
    ClientOptions options = options_for("http://docker.invalid");
    options.program = std::move(program);
    return options;
}

ClientOptions by_shell(const std::string& script) { return by_program({"sh", "-c", script}); }

TEST(HttpByProgram, StandardInputAndOutputAreTheConnection) {
    const auto answers = exchange(by_shell(R"sh(
        answer() { printf 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%s' "$1"; }
        for number in 1 2; do
            read -r method target rest
            while read -r line && [ "$line" != "$(printf '\r')" ]; do :; done
            answer "$number"
        done
        echo noise >&2)sh"),
                                  {get("/1"), get("/2")});
    ASSERT_EQ(answers.size(), 2U);
    ASSERT_TRUE(answers[0]) << answers[0].error().message;
    ASSERT_TRUE(answers[1]) << answers[1].error().message;
    EXPECT_EQ(answers[0]->body + answers[1]->body, "12");
}

TEST(HttpByProgram, WhatAProgramSaysBeforeItEndsIsInTheError) {
    const auto answer = exchange(
        by_shell("echo 'me@host: Permission denied (publickey).' >&2; exit 255"), get("/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(answer.error().message,
                EndsWith("sh: exit code 255: me@host: Permission denied (publickey)."));
}

TEST(HttpByProgram, OfManyWordsTheLastOnesAreInTheError) {
    const auto answer = exchange(
        by_shell("i=0; while [ $i -lt 100 ]; do echo 'greeting of a machine' >&2; i=$((i+1)); "
                 "done; echo the reason >&2; exit 3"),
        get("/"));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, EndsWith("the reason"));
    EXPECT_LT(answer.error().message.size(), 800U);
}

TEST(HttpByProgram, MoreWordsThanAPipeHoldsDoNotStopTheProgram) {
    const auto answer = exchange(
        by_shell("head -c 300000 /dev/zero >&2; "
                 "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\n1'; cat >/dev/null"),
        get("/"));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "1");
}

TEST(HttpByProgram, AProgramThatIsMissingIsNamed) {
    const auto answer = exchange(by_program({"no-such-program"}), get("/"));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("start no-such-program: No such file"));
}

TEST(HttpByProgram, AnAnswerThatBreaksOffIsNoEndOfTheProgram) {
    const auto answer = exchange(
        by_shell("read -r line; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhalf'"),
        get("/"));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, testing::Not(HasSubstr("exit code")));
}

}  // namespace
}  // namespace protocol::http
