// Small configurations that expand to huge ones. Each must be refused or loaded quickly and with
// little memory. Where GitLab has a message for the limit, the message must be the same.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "base/json.hpp"
#include "runner/pipeline/glob/path_glob.hpp"
#include "runner/pipeline/lint.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "tests/unit/runner/pipeline/memory_source.hpp"

namespace runner::pipeline {
namespace {

using testing::HasSubstr;
using tests::MemorySource;
using Files = MemorySource::Files;

/// Repeats `text` `count` times; in it, {0} is the number of the repetition and {1} the next
/// number.
std::string repeated(int count, fmt::string_view text) {
    std::string all;
    for (int i = 0; i < count; ++i) all += fmt::format(fmt::runtime(text), i, i + 1);
    return all;
}

/// The first error of lint or of the pipeline's creation, or "valid".
std::string verdict(const std::string& text, Files files = {}) {
    LoadRequest request;
    request.text = text;
    MemorySource source(std::move(files));
    const Loaded loaded = load_configuration(request, source);
    if (!loaded.errors.empty()) return loaded.errors.front().text;
    plan::Pipeline pipeline;
    if (loaded.configuration) {
        plan::CreateRequest create;
        create.pipeline.ref = "main";
        create.pipeline.source = "push";
        pipeline = plan::create_pipeline(*loaded.configuration, loaded.parallel, create);
    }
    lint_json(loaded, &pipeline, true);
    return pipeline.errors.empty() ? "valid" : pipeline.errors.front().text;
}

constexpr const char* kTooBig = "The parsed YAML is too big";

TEST(Limits, TextOfTwoMebibytes) {
    const std::string text = "job: {script: x}\n#";
    const std::string filler((2U << 20) - text.size(), 'x');
    EXPECT_EQ(verdict(text + filler), "valid");
    EXPECT_EQ(verdict(text + filler + "x"), "The provided YAML is too big");
}

TEST(Limits, ParsedTwoMebibytes) {
    EXPECT_EQ(verdict(".a: {" + repeated(20'000, "k{0}: 1, ") + "}\njob: {script: x}\n"), "valid");
    EXPECT_EQ(verdict(".a: {" + repeated(60'000, "k{0}: 1, ") + "}\njob: {script: x}\n"), kTooBig);
}

TEST(Limits, OneHundredLevels) {
    const auto nested = [](std::size_t levels) {
        std::string text = "job: {script: x}\n.a: ";
        for (std::size_t i = 0; i < levels; ++i) text += "{k: ";
        return text + "x" + std::string(levels, '}') + "\n";
    };
    EXPECT_EQ(verdict(nested(99)), "valid");  // the file itself is the hundredth
    EXPECT_EQ(verdict(nested(100)), kTooBig);
}

TEST(Limits, AliasesOfAliases) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    text += repeated(
        9, "a{1}: &a{1} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]\n");
    EXPECT_EQ(verdict(text + "job: {script: *a9}\n"), kTooBig);
}

TEST(Limits, AliasesOfALongText) {
    const std::string text = ".a: &a \"" + std::string(1 << 20, 'x') + "\"\n";
    EXPECT_EQ(verdict(text + "job:\n  script:\n" + repeated(20'000, "    - *a\n")), kTooBig);
}

TEST(Limits, MergeKeysOfMergeKeys) {
    std::string text = ".m0: &m0 {" + repeated(2000, "k{0}: 1, ") + "}\n";
    text += repeated(5000, ".n{0}: {{<<: *m0}}\n");
    EXPECT_EQ(verdict(text + "job: {script: x}\n"), kTooBig);
}

TEST(Limits, DeepNesting) {
    EXPECT_EQ(verdict("job: {script: " + std::string(5000, '[') + std::string(5000, ']') + "}"),
              kTooBig);
    EXPECT_EQ(verdict("job: {script: " + std::string(200'000, '[')), kTooBig);
    EXPECT_EQ(verdict("a: " + repeated(5000, "{{k{0}: ") + "1" + std::string(5000, '}')), kTooBig);
}

TEST(Limits, ExtendsThatMergeLargeMapsManyTimes) {
    const auto large = [](const char* name, int value) {
        std::string text = fmt::format("{}:\n  variables:\n", name);
        for (int i = 0; i < 4000; ++i) text += fmt::format("    K{}: \"{}\"\n", i, value);
        return text;
    };
    const std::string text =
        large(".a", 1) + large(".b", 2) +
        repeated(1000, "job{0}: {{extends: [.a, .b], script: x, variables: {{X: '{0}'}}}}\n");
    EXPECT_EQ(verdict(text), kTooBig);
}

TEST(Limits, ExtendsOfManyParents) {
    std::string parents;
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        parents += fmt::format(".p{}, ", i % 1000);
        if (i < 1000) text += fmt::format(".p{}: {{variables: {{V{}: '1'}}}}\n", i, i);
    }
    text += repeated(12, "job{0}: {{script: x, extends: [" + parents + "]}}\n");
    EXPECT_THAT(verdict(text), testing::AnyOf("valid", kTooBig));
}

TEST(Limits, ReferencesToReferences) {
    std::string text = "a0: {script: [x, x, x, x, x, x, x, x, x, x]}\n";
    for (int i = 1; i < 10; ++i) {
        text += fmt::format("a{}: {{script: [", i);
        for (int n = 0; n < 10; ++n) text += fmt::format("!reference [a{}, script], ", i - 1);
        text += "]}\n";
    }
    EXPECT_EQ(verdict(text), kTooBig);
}

/// Each reference is deep inside the value that the previous reference refers to.
TEST(Limits, ChainOfNestedReferences) {
    std::string text;
    for (int i = 0; i < 300; ++i) {
        text += fmt::format(".a{}: {{k: ", i) + std::string(90, '[') +
                fmt::format("!reference [.a{}, k]", i + 1) + std::string(90, ']') + "}\n";
    }
    EXPECT_EQ(verdict(text + ".a300: {k: x}\njob: {script: x}\n"), kTooBig);
}

TEST(Limits, IncludesOfEachOther) {
    const Files files{{"a.yml", "include: [b.yml, b.yml]\n"},
                      {"b.yml", "include: [a.yml, a.yml]\n"}};
    EXPECT_EQ(verdict("include: a.yml\njob: {script: x}\n", files),
              "Maximum of 150 nested includes are allowed!");
}

TEST(Limits, IncludesThatAreTooBigTogether) {
    Files files;
    for (int i = 0; i < 100; ++i) {
        const std::string name = fmt::format("{}.yml", i);
        files[name] = fmt::format(".a{0}: &a [", i) + repeated(200, "x, ") +
                      fmt::format("]\n.b{}: [", i) + repeated(200, "*a, ") + "]\n";
    }
    const std::string text = "include:\n" + repeated(100, "  - {0}.yml\n");
    EXPECT_EQ(verdict(text + "job: {script: x}\n", files), kTooBig);
}

TEST(Limits, MatrixOfManyCombinations) {
    std::string values;
    for (int i = 0; i < 100; ++i) values += fmt::format("v{}, ", i);
    std::string text = "job:\n  script: x\n  parallel:\n    matrix:\n      - A: [" + values + "]\n";
    for (char name = 'B'; name <= 'P'; ++name)
        text += fmt::format("        {}: [{}]\n", name, values);
    EXPECT_EQ(verdict(text),
              "jobs:job:parallel:matrix config generates too many jobs (maximum is 200)");
}

TEST(Limits, MatrixWithAnEmptyListAtTheEnd) {
    std::string values = repeated(100, "v{0}, ");
    std::string map;
    for (char name = 'A'; name <= 'P'; ++name) map += fmt::format("{}: [{}], ", name, values);
    EXPECT_NE(verdict("job: {script: x, parallel: {matrix: [{" + map + "Z: []}]}}\n"), "");
    const std::string other = "a: {script: x, parallel: {matrix: [{A: [1, 2]}]}}\n";
    EXPECT_NE(verdict(other + "job: {script: x, needs: [{job: a, parallel: {matrix: [{" + map +
                      "}]}}]}\n"),
              "valid");
    EXPECT_NE(verdict(other + "job: {script: x, needs: [{job: a, parallel: {matrix: [{" + map +
                      "Z: []}]}}]}\n"),
              "");
    EXPECT_NE(verdict(other + "job: {script: x, rules: [{needs: [{job: a, parallel: {matrix: [{" +
                      map + "}]}}]}]}\n"),
              "valid");
}

TEST(Limits, MatrixValueThatRefersToItself) {
    EXPECT_NE(verdict("a: {script: x, stage: build, parallel: {matrix: [{A: [p, q]}]}}\n"
                      "job: {script: x, parallel: {matrix: [{B: ['$[[ matrix.B ]]', '$[[ matrix.B "
                      "]]$[[ matrix.B ]]']}]}, "
                      "needs: [{job: a, parallel: {matrix: [{A: ['$[[ matrix.B ]]']}]}}]}\n"),
              "valid");
}

TEST(Limits, MapsWithKeysThatAreNotStrings) {
    EXPECT_NE(verdict("job: {script: x}\n.a:\n" + repeated(200'000, "  {0}: x\n")), "");
    EXPECT_NE(verdict("job: {script: x}\n.a:\n" + repeated(200'000, "  [{0}]: x\n")), "");
}

TEST(Limits, VariablesOfManyJobs) {
    EXPECT_EQ(verdict("variables: {" + repeated(2000, "V{0}: '1', ") + "}\n" +
                      repeated(1500, "job{0}: {{script: x}}\n")),
              "The variables of all jobs together are too many");
}

TEST(Limits, ManyParallelJobs) {
    EXPECT_THAT(verdict(repeated(2000, "job{0}: {{script: x, parallel: 200}}\n")),
                HasSubstr("too many jobs"));
}

TEST(Limits, NeedsOfManyParallelJobs) {
    std::string text = repeated(40, "a{0}: {{stage: build, script: x, parallel: 200}}\n");
    std::string needs;
    for (int i = 0; i < 40; ++i) needs += fmt::format("a{}, ", i);
    text += repeated(400, "b{0}: {{script: x, needs: [" + needs + "]}}\n");
    EXPECT_THAT(verdict(text), HasSubstr("one job can only need 50 others"));
}

TEST(Limits, DefaultsOfManyJobs) {
    std::string text = "default: {before_script: [" + repeated(10'000, "x, ") + "]}\n";
    EXPECT_EQ(verdict(text + repeated(2000, "job{0}: {{script: x}}\n")), kTooBig);
}

TEST(Limits, VariablesOfVariables) {
    std::string text = "variables:\n  V0: '" + std::string(1000, 'x') + "'\n";
    text += repeated(40, "  V{1}: '$V{0}$V{0}'\n");
    EXPECT_THAT(verdict(text + "job: {script: x}\n"), HasSubstr("is too long"));
}

TEST(Limits, RepeatedInputs) {
    const std::string header = "spec: {inputs: {a: {default: '" + std::string(100'000, 'x') +
                               "'}, l: {type: array, default: [" + repeated(1000, "x, ") +
                               "]}}}\n---\n";
    std::string line;
    for (int i = 0; i < 20'000; ++i) line += "$[[ inputs.a ]]";
    EXPECT_EQ(verdict(header + "job: {script: '" + line + "'}\n"), "config node content too large");
    EXPECT_EQ(
        verdict(header + "job: {script: [" + repeated(20'000, "'$[[ inputs.l ]]', ") + "]}\n"),
        "config too large");
    EXPECT_EQ(verdict(header + "job: {script: x}\n" + repeated(10'000, ".a{0}: $[[ inputs.l ]]\n")),
              "config too large");
}

TEST(Limits, ConditionsWithManyTokens) {
    std::string nested = std::string(60, '(') + "$A" + std::string(60, ')');
    EXPECT_THAT(verdict("job: {script: x, rules: [{if: '" + nested + "'}]}"),
                HasSubstr("invalid expression syntax"));
    EXPECT_THAT(verdict("job: {script: x, rules: [{if: '" + std::string(1'000'000, '!') + "$A'}]}"),
                HasSubstr("invalid expression syntax"));
    EXPECT_THAT(
        verdict("job: {script: x, rules: [{if: '$A == /" + std::string(1'000'000, 'x') + "'}]}"),
        HasSubstr("invalid expression syntax"));
}

TEST(Limits, RegularExpressionsOfExponentialSize) {
    EXPECT_THAT(verdict("job: {script: x, rules: [{if: '$A =~ /((a{1000}){1000}){1000}/'}]}"),
                HasSubstr("invalid expression syntax"));
    const std::string value(100'000, 'a');
    EXPECT_EQ(verdict("variables: {A: '" + value +
                      "b'}\njob: {script: x, rules: [{if: '$A =~ /^(a+)+$/'}, {when: always}]}"),
              "valid");
}

TEST(Limits, GlobsWithManyBracesAndALongSuffix) {
    std::string braces;
    for (int i = 0; i < 12; ++i) braces += "{a,b}";
    EXPECT_FALSE(glob::PathGlob(braces + std::string(1 << 20, 'x')).matches("a"));
    EXPECT_TRUE(glob::PathGlob(braces).matches("abababababab"));
}

TEST(Limits, ManyErrors) {
    EXPECT_EQ(verdict(repeated(4000, "job{0}: {{script: 1, foo: 2}}\n")),
              "jobs:job0 config contains unknown keys: foo");
    EXPECT_THAT(verdict(repeated(3000, "job{0}: {{script: x, needs: [job{1}]}}\n") +
                        "job3000: {script: x, needs: [job0]}\n"),
                HasSubstr("circular dependencies"));
}

}  // namespace
}  // namespace runner::pipeline
