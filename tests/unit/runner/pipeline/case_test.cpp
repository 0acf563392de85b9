// One test for each folder of tests/data/pipelines, which holds a .gitlab-ci.yml and the expected
// result. The README there describes the format.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"
#include "tests/unit/runner/pipeline/case_files.hpp"

namespace runner::pipeline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<std::string> cases() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(tests::pipeline_cases())) {
        if (entry.path().filename() != "expected.json") continue;
        names.push_back(
            entry.path().parent_path().lexically_relative(tests::pipeline_cases()).string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> texts(const Problems& problems) {
    std::vector<std::string> all;
    for (const Problem& problem : problems) all.push_back(problem.text);
    return all;
}

/// A local directory, and a server that has no other projects.
class CaseSource final : public include::WorkTreeSource {
  public:
    using WorkTreeSource::WorkTreeSource;
    include::Fetched project(const std::string&, const std::string&, const std::string&) override {
        include::Fetched fetched;
        fetched.failure = include::FetchFailure::kNoProject;
        return fetched;
    }
};

class CaseTest : public testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] fs::path folder() const { return tests::pipeline_cases() / GetParam(); }

    Loaded load(const json& expected) const {
        LoadRequest request;
        request.text = tests::read_file(folder() / ".gitlab-ci.yml");
        if (expected.value("edition", "ee") == "ce") request.edition = Edition::kCommunity;
        const json variables = expected.value("variables", json::object());
        for (const auto& [key, value] : variables.items()) {
            request.variables.set(key, value.get<std::string>());
        }
        if (expected.contains("inputs")) request.inputs = *yaml::load(expected["inputs"].dump());
        request.repository.changed_since = [](const std::string& ref) {
            return rules::Difference{ref == "main", {}};
        };
        CaseSource source(folder());
        request.repository.files = source.list({}, {});
        return load_configuration(request, source);
    }
};

const plan::Job& job_of(const Loaded& loaded, const std::string& name) {
    const plan::Job* job = loaded.configuration ? loaded.configuration->find(name) : nullptr;
    if (job == nullptr) throw std::runtime_error("there is no job " + name);
    return *job;
}

std::string position_of(const Loaded& loaded) {
    if (loaded.errors.empty()) return "";
    const Mark mark = loaded.errors.front().mark;
    return loaded.files.at(mark.file).name + ":" + std::to_string(mark.line) + ":" +
           std::to_string(mark.column);
}

/// Compares the values at JSON pointers. An expected null means that there is no value.
void expect_values(const json& actual, const json& expected, const std::string& what) {
    for (const auto& [pointer, value] : expected.items()) {
        const json::json_pointer at(pointer);
        const json found = actual.contains(at) ? actual.at(at) : json();
        EXPECT_EQ(found, value) << what << " " << pointer << " in " << actual.dump(2);
    }
}

void expect_variables(const variables::Collection& variables, const json& expected,
                      const std::string& job) {
    for (const auto& [key, value] : expected.items()) {
        const auto found = variables.value(key);
        EXPECT_EQ(found ? json(std::string(*found)) : json(), value) << job << " " << key;
    }
}

/// Compares keywords with expanded variables, and needs.
void expect_keywords(const plan::PlannedJob& planned, const json& expected) {
    const auto wanted = expected.find(planned.job->name);
    if (wanted == expected.end()) return;
    json actual{{"tags", planned.expanded.tags},
                {"resource_group", planned.expanded.resource_group},
                {"environment", json::parse(yaml::to_json(planned.expanded.environment))},
                {"needs", json::array()}};
    for (const auto& need : planned.needs) actual["needs"].push_back(need.job);
    expect_values(actual, *wanted, planned.job->name);
}

/// Creates a pipeline and compares its jobs, as "name:when"; a question mark stands for
/// allow_failure.
void expect_plan(const Loaded& loaded, const json& expected) {
    ASSERT_TRUE(loaded.configuration);
    plan::CreateRequest request;
    request.pipeline.ref = "main";
    request.pipeline.is_merge_request = expected.value("merge_request", false);
    request.pipeline.source = request.pipeline.is_merge_request ? "merge_request_event" : "push";
    request.pipeline.is_tag = expected.value("tag", false);
    if (expected.contains("changed")) {
        request.repository.changed = expected["changed"].get<std::vector<std::string>>();
    }
    if (expected.contains("files")) {
        request.repository.files = expected["files"].get<std::vector<std::string>>();
    }
    // All refs that exist are named main.
    request.repository.changed_since = [&request](const std::string& ref) {
        return rules::Difference{ref == "main", request.repository.changed};
    };
    const auto set_all = [&](const char* key, variables::Collection& variables) {
        const json pairs = expected.value(key, json::object());
        for (const auto& [name, value] : pairs.items()) {
            variables.set(name, value.get<std::string>());
        }
    };
    set_all("predefined", request.predefined);
    set_all("given", request.given);
    const auto made = plan::create_pipeline(*loaded.configuration, loaded.parallel, request);
    if (expected.contains("name")) {
        EXPECT_EQ(made.name, expected["name"].get<std::string>());
    }
    EXPECT_EQ(texts(made.errors), expected.value("errors", std::vector<std::string>{}));
    std::vector<std::string> names;
    const json variables = expected.value("variables", json::object());
    for (const auto& planned : made.jobs) {
        const bool usual = planned.when == plan::When::kOnSuccess;
        names.push_back(planned.job->name +
                        (usual ? "" : ":" + std::string(plan::to_string(planned.when))) +
                        (planned.allow_failure ? "?" : ""));
        expect_keywords(planned, expected.value("keywords", json::object()));
        const auto wanted = variables.find(planned.job->name);
        if (wanted != variables.end()) {
            expect_variables(planned.variables, *wanted, planned.job->name);
        }
    }
    if (expected.contains("jobs")) {
        EXPECT_EQ(names, expected["jobs"].get<std::vector<std::string>>());
    }
}

TEST_P(CaseTest, AnswersAsGitLabDoes) {
    const json expected = json::parse(tests::read_file(folder() / "expected.json"));
    const Loaded loaded = load(expected);
    EXPECT_EQ(texts(loaded.errors), expected.value("errors", std::vector<std::string>{}));
    EXPECT_EQ(texts(loaded.warnings), expected.value("warnings", std::vector<std::string>{}));
    if (expected.contains("place")) {
        EXPECT_EQ(position_of(loaded), expected["place"].get<std::string>());
    }
    if (expected.contains("jobs")) {
        ASSERT_TRUE(loaded.configuration);
        std::vector<std::string> names;
        for (const auto& job : loaded.configuration->jobs) names.push_back(job.name);
        EXPECT_EQ(names, expected["jobs"].get<std::vector<std::string>>());
    }
    const auto part = [&](const char* key) { return expected.value(key, json::object()); };
    const json needs = part("needs"), effective = part("effective"), values = part("job_variables");
    for (const auto& [name, list] : needs.items()) {
        std::vector<std::string> names;
        for (const auto& need : job_of(loaded, name).needs) names.push_back(need.job);
        EXPECT_EQ(names, list.get<std::vector<std::string>>()) << name;
    }
    for (const auto& [name, pointers] : effective.items()) {
        expect_values(json::parse(yaml::to_json(job_of(loaded, name).value)), pointers, name);
    }
    for (const auto& [name, pairs] : values.items()) {
        expect_variables(job_of(loaded, name).variables, pairs, name);
    }
    if (expected.contains("merged")) {
        ASSERT_TRUE(loaded.merged);
        expect_values(json::parse(yaml::to_json(*loaded.merged)), expected["merged"], "merged");
    }
    if (expected.contains("merged_yaml")) {
        ASSERT_TRUE(loaded.merged);
        EXPECT_EQ(yaml::to_yaml(*loaded.merged), expected["merged_yaml"].get<std::string>());
    }
    if (expected.contains("plan")) expect_plan(loaded, expected["plan"]);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Data, CaseTest, testing::ValuesIn(cases()), test_name);

}  // namespace
}  // namespace runner::pipeline
