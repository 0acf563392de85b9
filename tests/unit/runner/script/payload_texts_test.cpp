#include "runner/script/payload_texts.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::expand_texts;
using runner::script::TextExpander;

TEST(PayloadTexts, AreReplacedInCachesAndInTheReleaseStep) {
    tests::ScriptJob job;
    job.set("A", "$B");
    job.set("B", "b");
    auto& cache = job.payload.cache.emplace_back();
    cache.key = "k-$A";
    cache.policy = "$A";
    cache.fallback_keys = {"f-$A"};
    cache.paths = {"$A/x"};
    job.payload.steps = {{.name = "script", .script = {"echo $A"}, .when = ""},
                         {.name = "release", .script = {"release $A"}, .when = ""}};
    const auto variables = job.variables();
    TextExpander texts(variables);
    expand_texts(job.payload, texts);
    EXPECT_EQ(cache.key, "k-b");
    EXPECT_EQ(cache.policy, "b");
    EXPECT_EQ(cache.fallback_keys[0], "f-b");
    EXPECT_EQ(cache.paths[0], "$A/x") << "the job's shell expands it";
    EXPECT_EQ(job.payload.steps[0].script[0], "echo $A");
    EXPECT_EQ(job.payload.steps[1].script[0], "release b");
}

TEST(PayloadTexts, AreMeasuredWhereTheShellReplacesThem) {
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "$A";
    for (int field = 0; field < 4; ++field) {
        tests::ScriptJob job;
        job.set("A", std::string(100'000, 'a'));
        auto& artifact = job.payload.artifacts.emplace_back();
        auto& cache = job.payload.cache.emplace_back();
        if (field == 0) artifact.name = many;
        if (field == 1) artifact.paths = {many};
        if (field == 2) artifact.exclude = {many};
        if (field == 3) cache.paths = {many};
        const auto variables = job.variables();
        TextExpander texts(variables);
        expand_texts(job.payload, texts);
        EXPECT_NE(texts.problem(), "") << field;
    }
}

}  // namespace
