#include <gtest/gtest.h>

#include <string>

#include "runner/pipeline/load.hpp"
#include "tests/unit/runner/pipeline/memory_source.hpp"

namespace runner::pipeline {
namespace {

struct StepRow {
    const char* step;
    bool valid;
};

class RunStepTest : public testing::TestWithParam<StepRow> {};

// The texts of the problems are ours: GitLab's are those of its JSON schema library.
TEST_P(RunStepTest, IsValidWhereTheSchemaOfGitLabAcceptsIt) {
    LoadRequest request;
    request.text = std::string("j: {run: [") + GetParam().step + "]}\n";
    tests::MemorySource source({});
    EXPECT_EQ(load_configuration(request, source).valid(), GetParam().valid) << GetParam().step;
}

const StepRow kRows[] = {
    {"{name: a, script: x}", true},
    {"{name: a, script: x, env: {A: b, C: ''}}", true},
    {"{name: a, step: x, inputs: {A: 1, b: [c], d: ~}}", true},
    {"{name: a, func: {git: {url: u, rev: r, dir: d, file: f}}}", true},
    {"{name: a, step: {oci: {registry: r, repository: p, tag: t}}}", true},
    {"{name: a, script: ''}", false},
    {"{name: a, script: ~}", false},
    {"{name: a, script: [x]}", false},
    {"{name: a, script: x, env: {A: 1}}", false},
    {"{name: a, script: x, env: {A: ~}}", false},
    {"{name: a, script: x, env: {1A: b}}", false},
    {"{name: a, script: x, env: ~}", false},
    {"{name: a, script: x, env: [A]}", false},
    {"{name: a, script: x, inputs: {}}", false},
    {"{name: a, step: x, inputs: {a-b: 1}}", false},
    {"{name: a, step: x, func: y}", false},
    {"{name: a, step: ~}", false},
    {"{name: a, step: x, func: ~}", false},
    {"{name: a, step: {git: {url: u, rev: r}, oci: {registry: r, repository: p, tag: t}}}", false},
    {"{name: a, step: {git: {url: u, rev: r}, other: x}}", false},
    {"{name: a, func: {git: {url: u, rev: 1}}}", false},
    {"{name: a, func: {git: ~}}", false},
    {"{name: ~, script: x}", false},
    {"~", false},
};

INSTANTIATE_TEST_SUITE_P(Table, RunStepTest, testing::ValuesIn(kRows));

}  // namespace
}  // namespace runner::pipeline
