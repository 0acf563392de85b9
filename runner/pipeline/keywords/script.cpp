#include <string>

#include "base/names.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

void check_commands(const Value& value, const KeyPath& key_path, Report& report) {
    if (is_nested_text(value)) return;
    report.add(key_path,
               "config should be a string or a nested array of strings up to 10 levels deep",
               mark_of_bad_text(value));
}

void check_hooks(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report_not_a_hash_twice(value, key_path, report);
    const std::size_t before = report.count();
    check_keys(value, {"pre_get_sources_script"}, key_path, report);
    if (!report.clean_since(before)) return;
    if (const Value* script = value.given("pre_get_sources_script")) {
        check_commands(*script, KeyPath{&key_path, "pre_get_sources_script"}, report);
    }
}

namespace {

constexpr base::NameRule kStepName{.digit_may_lead = false};

/// Where a step comes from: the map under `git` or `oci`.
void check_step_source(const Value& source, Names required, Names allowed, const KeyPath& key_path,
                       Report& report) {
    if (!source.is_map()) return report.add(key_path, "config should be a hash", source.mark());
    check_keys(source, allowed, key_path, report);
    check_required(source, required, key_path, report);
    for (const auto& [key, value] : source.entries()) {
        if (value.is_string()) continue;
        report.add(key_path, attribute_name(yaml::key_text(key)) + " should be a string",
                   value.mark());
    }
}

void check_step_reference(const Value& step, const KeyPath& key_path, Report& report) {
    if (step.is_string()) return;
    if (!step.is_map()) {
        return report.add(key_path, "step should be a string or a hash", step.mark());
    }
    check_exclusive(step, {"git", "oci"}, key_path, report);
    check_keys(step, {"git", "oci"}, key_path, report);
    if (const Value* git = step.find("git")) {
        return check_step_source(*git, {"url", "rev"}, {"url", "rev", "dir", "file"},
                                 KeyPath{&key_path, "git"}, report);
    }
    if (const Value* oci = step.find("oci")) {
        return check_step_source(*oci, {"registry", "repository", "tag"},
                                 {"registry", "repository", "tag", "dir", "file"},
                                 KeyPath{&key_path, "oci"}, report);
    }
    report.add(key_path, "step should name git or oci", step.mark());
}

void check_step_script(const Value& script, const KeyPath& key_path, Report& report) {
    if (!script.is_string()) {
        report.add(key_path, "script should be a string", script.mark());
    } else if (script.as_string().empty()) {
        report.add(key_path, "script can't be blank", script.mark());
    }
}

/// `env`, whose values are strings, or `inputs`.
void check_step_map(const Value& map, std::string_view key, const KeyPath& key_path,
                    Report& report) {
    const std::string attribute(key);
    if (!map.is_map()) return report.add(key_path, attribute + " should be a hash", map.mark());
    for (const auto& [name, value] : map.entries()) {
        if (!base::is_name(yaml::key_text(name), kStepName)) {
            report.add(key_path,
                       attribute +
                           " names must be letters, digits and underscores and not begin "
                           "with a digit",
                       name.mark());
        }
        if (key == "env" && !value.is_string()) {
            report.add(key_path, "env values should be strings", value.mark());
        }
    }
}

void check_step(const Value& step, const KeyPath& key_path, Report& report) {
    if (!step.is_map()) return report.add(key_path, "config should be a hash", step.mark());
    check_keys(step, {"name", "script", "step", "func", "env", "inputs"}, key_path, report);
    const Value* name = step.given("name");
    if (name == nullptr || !name->is_string() || !base::is_name(name->as_string(), kStepName)) {
        report.add(key_path,
                   "name must be letters, digits and underscores and not begin with a digit",
                   step.mark());
    }
    int kinds = 0;
    for (const auto* key : {"script", "step", "func"}) kinds += step.find(key) != nullptr ? 1 : 0;
    if (kinds != 1) {
        report.add(key_path, "config must use exactly one of these keys: script, step, func",
                   step.mark());
    }
    if (step.find("script") != nullptr) check_step_script(*step.find("script"), key_path, report);
    for (const auto* key : {"step", "func"}) {
        if (const Value* reference = step.find(key)) {
            check_step_reference(*reference, key_path, report);
        }
    }
    for (const auto* key : {"env", "inputs"}) {
        if (step.find(key) != nullptr) check_step_map(*step.find(key), key, key_path, report);
    }
    if (step.find("script") != nullptr && step.find("inputs") != nullptr) {
        report.add(key_path, "inputs can only be used with step or func", step.mark());
    }
}

}  // namespace

void check_run(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_list()) return report.add(key_path, "config should be an array", value.mark());
    for (const Value& step : value.items()) check_step(step, key_path, report);
}

}  // namespace runner::pipeline::keywords
