#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/inputs/input.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kMostInputs = 50;
constexpr std::size_t kMostOptions = 50;

void check_option_list(const Value& options, const KeyPath& key_path, Report& report) {
    const auto& items = options.items();
    if (items.size() > kMostOptions) {
        report.add(key_path, "config cannot define more than 50 options", options.mark());
    }
    if (std::any_of(items.begin(), items.end(), [](const Value& v) { return v.is_null(); })) {
        report.add(key_path, "config options array cannot contain null values", options.mark());
    }
}

/// The default of a rule, and its options.
void check_rule_default(const Value& rule, const KeyPath& key_path, Report& report) {
    const Value* options = rule.given("options");
    const bool lists = options != nullptr && !options->items().empty();
    if (lists && options->items().size() > kMostOptions) {
        report.add(key_path, "cannot define more than 50 options", options->mark());
    }
    const Value* fallback = rule.find("default");
    if (fallback == nullptr) {
        report.add(key_path, "rule must define 'options' with at least one value and a 'default'",
                   rule.mark());
    } else if (lists && std::find(options->items().begin(), options->items().end(), *fallback) ==
                            options->items().end()) {
        report.add(
            key_path,
            fmt::format("default '{}' must be one of the options", yaml::interpolated(*fallback)),
            fallback->mark());
    }
}

void check_input_rule(const Value& rule, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    if (rule.is_blank()) report.add(key_path, "can't be blank", rule.mark());
    if (!rule.is_map()) return report.add(key_path, "should be a hash", rule.mark());
    std::vector<std::string> unknown;
    for (const auto& [key, value] : rule.entries()) {
        const std::string name = yaml::key_text(key);
        if (!one_of(name, {"if", "options", "default"})) unknown.push_back(name);
    }
    if (!unknown.empty()) {
        report.add(key_path, "contains unknown keys: " + base::join(unknown, ", "), rule.mark());
    }
    const Value* condition = rule.given("if");
    if (condition != nullptr && !is_valid_expression(*condition)) {
        report.add(key_path, "if invalid expression syntax", condition->mark());
    }
    const Value* options = rule.given("options");
    if (options != nullptr && !options->is_list()) {
        report.add(key_path, "options should be an array", options->mark());
    }
    if (report.clean_since(before)) check_rule_default(rule, key_path, report);
}

void check_input_rules(const Value& definition, const Value& rules, const KeyPath& key_path,
                       Report& report) {
    check_exclusive(definition, {"rules", "options", "default"}, key_path, report);
    if (!rules.is_list()) {
        return report.add(KeyPath{&key_path, "rules"}, "config should be an array", rules.mark());
    }
    const std::string name = fmt::format("`{}` input:", key_path.name);
    for (const Value& rule : rules.items()) check_input_rule(rule, {nullptr, name}, report);
}

}  // namespace

void check_input_definition(const Value& definition, InputPlace place, const KeyPath& key_path,
                            Report& report) {
    if (definition.is_null()) return;
    if (!definition.is_map()) {
        return report.add(key_path, "config should be a hash", definition.mark());
    }
    const Value* description = definition.given("description");
    if (description != nullptr && !is_text_or_symbol(*description) && !description->is_integer()) {
        report.add(key_path, "input description must be an alphanumeric string",
                   description->mark());
    }
    const Value* regex = definition.given("regex");
    if (regex != nullptr && !regex->is_string()) {
        report.add(key_path, "input regex should be a string", regex->mark());
    }
    const bool header = place == InputPlace::kHeader;
    check_keys(definition, {"default", "description", "options", "regex", "type"}, key_path, report,
               header ? Names{"rules"} : Names{});
    const Value* type = definition.given("type");
    if (type != nullptr && !(type->is_string() &&
                             one_of(type->as_string(), {"string", "number", "boolean", "array"}))) {
        report.add(key_path, "input type unknown value: " + yaml::interpolated(*type),
                   type->mark());
    }
    const Value* options = definition.given("options");
    if (options != nullptr && !options->is_list()) {
        report.add(key_path, "input options should be an array", options->mark());
    } else if (options != nullptr) {
        check_option_list(*options, key_path, report);
    }
    const Value* rules = header ? definition.given("rules") : nullptr;
    if (rules != nullptr) check_input_rules(definition, *rules, key_path, report);
}

void check_job_inputs(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    for (const auto& [key, definition] : value.entries()) {
        const std::string name = path_name(key);
        const KeyPath inner{&key_path, name};
        check_input_definition(definition, InputPlace::kJob, inner, report);
        const bool has_shape = definition.is_map() || definition.is_null();
        if (has_shape && definition.given("default") == nullptr) {
            report.add(inner, "must have a default value", key.mark());
        }
    }
}

void check_job_input_defaults(const Value& definitions, const KeyPath& job, Report& report) {
    Report problems;
    check_job_inputs(definitions, job, problems);
    if (problems.count() > 0) return;
    if (definitions.entries().size() > kMostInputs) {
        return report.add(job, "inputs has too many entries (maximum 50)", definitions.mark());
    }
    for (const auto& [key, definition] : definitions.entries()) {
        const inputs::InputSpec input = inputs::input_spec(key.to_text(), definition);
        std::string wrong =
            inputs::check_value(input, *definition.find("default"), inputs::ValueRole::kDefault,
                                definition.given("options"));
        if (wrong.empty()) continue;
        // In a job, "`foo` input: …" becomes "jobs:a inputs `foo`: …".
        const std::size_t word = wrong.find("` input: ");
        if (word != std::string::npos) wrong.replace(word, 9, "`: ");
        report.add(job, "inputs " + wrong, definition.mark());
    }
}

}  // namespace runner::pipeline::keywords
