// One test per folder of tests/data/pipelines: .gitlab-ci.yml and what is expected of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path data_root() { return fs::path(RUNNER_SOURCE_DIR) / "tests/data/pipelines"; }

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    EXPECT_TRUE(in) << file;
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> cases() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(data_root())) {
        if (entry.path().filename() != "expected.json") continue;
        names.push_back(entry.path().parent_path().lexically_relative(data_root()).string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> texts(const Problems& problems) {
    std::vector<std::string> all;
    for (const Problem& problem : problems) all.push_back(problem.text);
    return all;
}

class CaseTest : public testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] fs::path folder() const { return data_root() / GetParam(); }

    Loaded load(const json& expected) const {
        LoadRequest request;
        request.text = read(folder() / ".gitlab-ci.yml");
        if (expected.value("edition", "ee") == "ce") request.edition = Edition::kCommunity;
        const json variables = expected.value("variables", json::object());
        for (const auto& [key, value] : variables.items()) {
            request.variables.set(key, value.get<std::string>());
        }
        if (expected.contains("inputs")) request.inputs = *yaml::load(expected["inputs"].dump());
        include::WorkTreeSource source(folder());
        request.facts.files = source.list({});
        return load_configuration(request, source);
    }
};

TEST_P(CaseTest, AnswersAsGitLabDoes) {
    const json expected = json::parse(read(folder() / "expected.json"));
    const Loaded loaded = load(expected);
    EXPECT_EQ(texts(loaded.errors), expected.value("errors", std::vector<std::string>{}));
    EXPECT_EQ(texts(loaded.warnings), expected.value("warnings", std::vector<std::string>{}));
    if (expected.contains("place")) {
        ASSERT_FALSE(loaded.errors.empty());
        const Mark mark = loaded.errors.front().mark;
        EXPECT_EQ(loaded.files.at(mark.file).name + ":" + std::to_string(mark.line) + ":" +
                      std::to_string(mark.column),
                  expected["place"]);
    }
    if (expected.contains("jobs")) {
        ASSERT_TRUE(loaded.configuration);
        std::vector<std::string> names;
        for (const auto& job : loaded.configuration->jobs) names.push_back(job.name);
        EXPECT_EQ(names, expected["jobs"].get<std::vector<std::string>>());
    }
    if (expected.contains("needs")) {
        ASSERT_TRUE(loaded.configuration);
        for (const auto& [name, needs] : expected["needs"].items()) {
            const plan::Job* job = loaded.configuration->find(name);
            ASSERT_NE(job, nullptr) << name;
            std::vector<std::string> names;
            for (const auto& need : job->needs) names.push_back(need.job);
            EXPECT_EQ(names, needs.get<std::vector<std::string>>()) << name;
        }
    }
    if (expected.contains("merged")) {
        ASSERT_TRUE(loaded.merged);
        const json merged = json::parse(yaml::to_json(*loaded.merged));
        for (const auto& [pointer, value] : expected["merged"].items()) {
            const json::json_pointer at(pointer);
            ASSERT_TRUE(merged.contains(at)) << pointer << " in " << merged.dump(2);
            EXPECT_EQ(merged.at(at), value) << pointer;
        }
    }
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
