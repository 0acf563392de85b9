#include "runner/script/inputs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using protocol::gitlab::JobPayload;
using runner::script::expand_inputs;
using testing::HasSubstr;
using Problem = runner::script::InputsExpansion::Problem;

JobPayload with_line(std::string line) {
    JobPayload payload;
    payload.inputs = {{"name", "string", "\"bob\"", false},
                      {"list", "array", R"(["a",1])", false},
                      {"key", "string", "\"secret\"", true}};
    payload.steps = {{.name = "script", .script = {std::move(line)}, .when = ""}};
    return payload;
}

TEST(Inputs, AreReplacedByTheirValues) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"echo ${{ job.inputs.name }}", "echo bob"},
        {"${{job.inputs.name}}${{ job.inputs.list }}.", R"(bob["a",1].)"},
        {"echo ${NAME} $$ }} {{", "echo ${NAME} $$ }} {{"},
        {"${{ job.inputs.name == 'bob' && job.inputs.list[0] || \"no\" }}", "a"},
    };
    for (const auto& [line, expected] : cases) {
        JobPayload payload = with_line(line);
        EXPECT_EQ(expand_inputs(payload).problem, Problem::kNone) << line;
        EXPECT_EQ(payload.steps[0].script[0], expected);
    }
}

TEST(Inputs, AreReplacedInEveryFieldThatTakesThem) {
    JobPayload payload = with_line("true");
    const std::string text = "x-${{ job.inputs.name }}";
    payload.image.emplace();
    payload.image->name = text;
    payload.image->entrypoint = {text};
    payload.services.emplace_back().command = {text};
    payload.artifacts.emplace_back().paths = {text};
    payload.cache.emplace_back().key = text;
    EXPECT_EQ(expand_inputs(payload).count, 5);
    EXPECT_EQ(payload.image->name, "x-bob");
    EXPECT_EQ(payload.image->entrypoint->front(), "x-bob");
    EXPECT_EQ(payload.services[0].command[0], "x-bob");
    EXPECT_EQ(payload.artifacts[0].paths[0], "x-bob");
    EXPECT_EQ(payload.cache[0].key, "x-bob");
}

TEST(Inputs, ThatCannotBeReplacedAreNamed) {
    const std::vector<std::tuple<std::string, Problem, std::string>> cases{
        {"${{ job.inputs.nobody }}", Problem::kEvaluation,
         "job inputs: script, character 16: there is no \"nobody\" in it"},
        {"x ${{ job.inputs.key }}", Problem::kSensitive,
         "job inputs: script: ${{ job.inputs.key }} uses a sensitive input"},
        {"${{ job.inputs.name | upper }}", Problem::kParse, "\"|\" has no meaning"},
        {"${{ job.inputs. }}", Problem::kParse, "script"},
        {"${{ job.inputs.name", Problem::kParse, "no end"},
        {"${{ 1 / 0 }}", Problem::kEvaluation, "division by zero"},
    };
    for (const auto& [line, problem, word] : cases) {
        JobPayload payload = with_line(line);
        const auto expansion = expand_inputs(payload);
        EXPECT_EQ(expansion.problem, problem) << line;
        EXPECT_THAT(expansion.message, HasSubstr(word));
        EXPECT_THAT(expansion.message, testing::Not(HasSubstr("secret")));
    }
}

TEST(Inputs, TheLineOfAScriptIsNamed) {
    JobPayload payload = with_line("true");
    payload.steps[0].script.emplace_back("a\nb ${{ c }}");
    EXPECT_THAT(expand_inputs(payload).message,
                testing::StartsWith("job inputs: script, item 2, line 2, character 7: "));
}

TEST(Inputs, ThatAreNotOfTheirTypeAreRefused) {
    JobPayload payload = with_line("true");
    payload.inputs = {{"age", "number", "\"3\"", false}};
    const auto expansion = expand_inputs(payload);
    EXPECT_EQ(expansion.problem, Problem::kParse);
    EXPECT_EQ(
        expansion.message,
        "job inputs: the input \"age\" is announced as number and has a value of type string");
}

TEST(Inputs, ThatAJobDoesNotHaveLeaveTheTextAsItIs) {
    JobPayload payload = with_line("echo '${{ github.ref }}'");
    payload.inputs.clear();
    EXPECT_EQ(expand_inputs(payload).problem, Problem::kNone);
    EXPECT_EQ(payload.steps[0].script[0], "echo '${{ github.ref }}'");
}

}  // namespace
