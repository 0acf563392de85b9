// The samples of GitLab's tests of its editor schema; each top-level entry of a file is a
// configuration of its own. GitLab's backend differs from the schema in some cases, which are
// listed here with the reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"
#include "tests/unit/runner/pipeline/case_files.hpp"

namespace runner::pipeline {
namespace {

namespace fs = std::filesystem;
using yaml::Value;

fs::path samples() { return tests::pipeline_cases() / "schema"; }

/// The configurations of a file by name: {name: value}; in workflow/auto_cancel, only the value.
std::map<std::string, Value> documents(const fs::path& file) {
    std::map<std::string, Value> all;
    const auto loaded = yaml::load(tests::read_file(file));
    EXPECT_TRUE(loaded) << file;
    if (!loaded) return all;
    const bool whole = file.parent_path().filename() == "auto_cancel" &&
                       file.parent_path().parent_path().filename() == "workflow";
    for (const auto& [key, value] : loaded->entries()) {
        yaml::Map one;
        one.set(key, value);
        all[key.to_text()] = whole ? value : Value::map(std::move(one));
    }
    return all;
}

/// Adds what a valid configuration needs, but the schema does not require: scripts and a visible
/// job. Removes `stage` and `extends`, which name stages and jobs that the sample does not have.
Value completed(const Value& document) {
    yaml::Map map;
    for (const auto& [key, value] : document.entries()) {
        Value entry = value;
        const bool is_job =
            entry.is_map() && key.is_string() &&
            !std::set<std::string>{"include", "variables", "workflow", "default", "spec", "stages"}
                 .contains(key.as_string());
        if (is_job && !entry.entries().empty()) {
            yaml::Map keys = entry.entries();
            keys.erase("stage");
            keys.erase("extends");
            if (keys.find("script") == nullptr && keys.find("run") == nullptr &&
                keys.find("trigger") == nullptr) {
                keys.set(Value::string("script"), Value::string("echo"));
            }
            entry = Value::map(std::move(keys));
        }
        map.set(key, entry);
    }
    yaml::Map other;
    other.set(Value::string("script"), Value::string("echo"));
    other.set(Value::string("stage"), Value::string(".pre"));
    map.set(Value::string("visible"), Value::map(std::move(other)));
    return Value::map(std::move(map));
}

std::string errors_of(const Value& document) {
    LoadRequest request;
    const Value* spec = document.find("spec");
    if (spec != nullptr) {
        request.text = yaml::to_yaml(document) + "---\na:\n  script: echo\n";
    } else {
        request.text = yaml::to_yaml(completed(document));
    }
    include::WorkTreeSource source("/nonexistent");
    std::string text;
    for (const Problem& problem : load_configuration(request, source).errors) {
        text += problem.text + "\n";
    }
    return text;
}

std::string sample_name(const fs::path& file, const std::string& name) {
    return file.lexically_relative(samples()).string() + ": " + name;
}

/// Samples that are not valid without other files or jobs.
const std::set<std::string> kIncomplete = {
    "positive/include.yml: include",  // includes files that do not exist
    "positive/include.yml: trigger:include accepts project and file properties",  // has a script
    "positive/include.yml: trigger:include accepts optional ref property",        // has a script
    "positive/rules_needs.yml: job",  // needs jobs of other samples
    "positive/rules_needs.yml: rspec_job",
};

TEST(SchemaSamples, PositiveSamplesAreValid) {
    for (const auto& entry : fs::recursive_directory_iterator(samples() / "positive")) {
        if (entry.path().extension() != ".yml") continue;
        for (const auto& [name, document] : documents(entry.path())) {
            if (kIncomplete.contains(sample_name(entry.path(), name))) continue;
            EXPECT_EQ(errors_of(document), "") << sample_name(entry.path(), name);
        }
    }
}

/// Samples that the backend accepts, although the schema refuses them.
const std::set<std::string> kAccepted = {
    "negative/include.yml: trigger missing project property",  // it asks for the file only
    "negative/rules.yml: rules-if-empty",          // a null condition counts as not given
    "negative/rules.yml: rules:exists as string",  // one path may be a string
};

TEST(SchemaSamples, NegativeSamplesAreInvalid) {
    for (const auto& entry : fs::recursive_directory_iterator(samples() / "negative")) {
        if (entry.path().extension() != ".yml") continue;
        for (const auto& [name, document] : documents(entry.path())) {
            const std::string errors = errors_of(document);
            const bool accepted = kAccepted.contains(sample_name(entry.path(), name));
            EXPECT_EQ(errors.empty(), accepted)
                << sample_name(entry.path(), name) << ": " << errors;
        }
    }
}

}  // namespace
}  // namespace runner::pipeline
