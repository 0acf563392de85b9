#include "executors/docker/exec_stream.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"

namespace {

using base::ErrorKind;
using executors::docker::EngineApi;
using executors::docker::EngineScript;
using executors::docker::exec_frame;
using executors::docker::open_exec;
using executors::docker::run_exec;
using executors::docker::scripted_api;

EngineScript ending_with(int code, std::string stream) {
    EngineScript script;
    script.exec_stream = std::move(stream);
    script.answers = {{"POST /containers/c/exec", {201, R"({"Id": "e"})"}},
                      {"GET /exec/e/json",
                       {200, R"({"Running": false, "ExitCode": )" + std::to_string(code) + "}"}}};
    return script;
}

base::Task<base::Result<std::string>> read_all(EngineApi& api, std::string hint) {
    executors::docker::ExecSpec spec;
    auto stream = co_await open_exec(api, "c", std::move(spec), std::move(hint));
    if (!stream) co_return stream.error();
    std::string text;
    std::array<char, 64> buffer{};
    while (true) {
        auto got = co_await (*stream)->read_some(buffer);
        if (!got) co_return got.error();
        if (*got == 0) co_return text;
        text.append(buffer.data(), *got);
    }
}

TEST(ExecStream, HandsOutStandardOutputOnly) {
    auto script =
        ending_with(1, exec_frame('1', "one ") + exec_frame('2', "noise") + exec_frame('1', "two"));
    auto api = scripted_api(script);
    const auto text = tests::run_to_end(read_all(api, ""));
    ASSERT_TRUE(text.has_value());
    EXPECT_EQ(*text, "one two");
}

TEST(ExecStream, ExplainsAnEndBeforeTheFirstOutput) {
    struct Case {
        int code;
        std::string stream;
        std::string hint;
        std::string message;  ///< "" for no failure
        ErrorKind kind;
    };
    const std::string failed = "a program in the job's container failed: ";
    const std::vector<Case> cases{
        {0, "", "", "", ErrorKind::kInternal},
        {0, exec_frame('2', "noise"), "hint", "", ErrorKind::kInternal},
        {1, exec_frame('2', " no such file\n"), "", failed + "no such file",
         ErrorKind::kUnavailable},
        {127, "", "", failed + "it ended with exit code 127", ErrorKind::kUnavailable},
        {2, exec_frame('2', "why"), "The image has no shell", "The image has no shell (why)",
         ErrorKind::kNotFound},
    };
    for (const auto& entry : cases) {
        auto script = ending_with(entry.code, entry.stream);
        auto api = scripted_api(script);
        const auto text = tests::run_to_end(read_all(api, entry.hint));
        EXPECT_EQ(text ? "" : text.error().message, entry.message);
        if (!text) {
            EXPECT_EQ(text.error().kind, entry.kind);
        }
    }
}

TEST(RunExec, AnswersBothStreamsAndTheCode) {
    auto script = ending_with(3, exec_frame('1', "out") + exec_frame('2', "err"));
    auto api = scripted_api(script);
    const auto done = tests::run_to_end(run_exec(api, "c", {}));
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->output, "out");
    EXPECT_EQ(done->errors, "err");
    EXPECT_EQ(done->exit_code, 3);
}

TEST(RunExec, WaitsUntilTheEngineHasNotedTheEnd) {
    auto script = ending_with(7, "");
    const EngineScript::Answer runs{200, R"({"Running": true, "ExitCode": 0})"};
    script.answers.insert(script.answers.begin(), 2, {"GET /exec/e/json", runs});
    auto api = scripted_api(script);
    const auto done = tests::run_to_end(run_exec(api, "c", {}));
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->exit_code, 7);
    EXPECT_EQ(script.times["GET /exec/e/json"], 3);
}

TEST(RunExec, RefusesAStreamWithoutFrames) {
    auto script = ending_with(0, "HTTP/1.1 200 OK\r\n");
    auto api = scripted_api(script);
    const auto done = tests::run_to_end(run_exec(api, "c", {}));
    ASSERT_FALSE(done.has_value());
    EXPECT_TRUE(done.error().is(ErrorKind::kProtocol));
}

}  // namespace
