#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kMostIncludes = 3;

void check_strategy(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* strategy = value.given("strategy");
    if (strategy == nullptr) return;
    check_string_attribute(value, "strategy", key_path, report);
    if (!all_one_of(*strategy, {"depend", "mirror"})) {
        report.add(key_path, "strategy should be depend or mirror", strategy->mark());
    }
}

void check_forward(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* forward = value.given("forward");
    if (forward == nullptr) return;
    const KeyPath inner{&key_path, "forward"};
    check_keys(*forward, {"yaml_variables", "pipeline_variables"}, inner, report);
    for (const auto* key : {"yaml_variables", "pipeline_variables"}) {
        check_boolean_attribute(*forward, key, inner, report);
    }
}

void check_trigger_include(const Value& value, const KeyPath& key_path, Report& report) {
    const KeyPath inner{&key_path, "include"};
    if (value.is_list() && value.items().size() > kMostIncludes) {
        return report.add(inner, "config is too long (maximum is 3)", value.mark());
    }
    check_include(value, inner, report);
}

/// A trigger of another project's pipeline: one without `include`.
void check_multi_project(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.entries().empty()) report.add(key_path, "config can't be blank", value.mark());
    check_keys(value, {"project", "branch", "strategy", "forward", "inputs"}, key_path, report);
    check_hash_attribute(value, "inputs", key_path, report);
    check_required_string_attribute(value, "project", key_path, report);
    check_string_attribute(value, "branch", key_path, report);
    check_strategy(value, key_path, report);
}

}  // namespace

void check_trigger(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_string()) {
        if (value.is_blank()) report.add(key_path, "config can't be blank", value.mark());
        return;
    }
    if (!value.is_map()) {
        return report.add(key_path, "has to be either a string or a hash", value.mark());
    }
    const std::size_t before = report.count();
    const Value* include = value.find("include");
    if (include == nullptr) {
        check_multi_project(value, key_path, report);
    } else {
        check_keys(value, {"include", "strategy", "forward"}, key_path, report);
        check_strategy(value, key_path, report);
    }
    if (!report.clean_since(before)) return;
    if (value.given("include") != nullptr) check_trigger_include(*include, key_path, report);
    check_forward(value, key_path, report);
}

}  // namespace runner::pipeline::keywords
