#include <algorithm>

#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kMostPaths = 50;
constexpr std::size_t kRegexpLimit = 255;

void check_regexp(const Value& map, const KeyPath& key_path, Report& report) {
    const Value* regexp = map.given("regexp");
    if (regexp == nullptr) return;
    if (!regexp->is_string()) {
        report.add(key_path, "regexp should be a string", regexp->mark());
    } else if (regexp->as_string().size() > kRegexpLimit) {
        report.add(key_path, "regexp is too long (maximum is 255 characters)", regexp->mark());
    } else if (!is_literal_regex(regexp->as_string())) {
        report.add(key_path, "regexp must be a regular expression with re2 syntax", regexp->mark());
    }
}

void check_path_list(const Value* paths, std::string_view attribute, const KeyPath& key_path,
                     Mark mark, Report& report) {
    const std::string name(attribute);
    if (paths == nullptr || !is_text_list(*paths)) {
        report.add(key_path, name + " should be an array of strings", mark);
    }
    if (paths == nullptr || (paths->is_list() && paths->items().size() > kMostPaths)) {
        report.add(key_path, name + " has too many entries (maximum 50)", mark);
    }
}

void check_paths_map(const Value& value, Names keys, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    check_keys(value, keys, key_path, report);
    const bool regexp = value.given("regexp") != nullptr;
    if (!regexp) check_required(value, {"paths"}, key_path, report);
    if (!report.clean_since(before) && value.find("paths") != nullptr) return;
    if (regexp) {
        check_regexp(value, key_path, report);
    } else {
        const Value* paths = value.find("paths");
        const Mark mark = paths == nullptr ? value.mark() : paths->mark();
        check_path_list(paths, "paths", key_path, mark, report);
    }
    for (const auto* key : {"compare_to", "project", "ref"}) {
        check_string_attribute(value, key, key_path, report);
    }
}

void check_changes(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_map())
        return check_paths_map(value, {"paths", "compare_to", "regexp"}, key_path, report);
    if (!value.is_list()) return report.add(key_path, "should be an array or a hash", value.mark());
    if (!is_text_list(value)) {
        report.add(key_path, "config should be an array of strings", value.mark());
    }
    if (value.items().size() > kMostPaths) {
        report.add(key_path, "config has too many entries (maximum 50)", value.mark());
    }
}

void check_exists_map(const Value& value, const KeyPath& key_path, Report& report) {
    check_keys(value, {"paths", "project", "ref", "regexp"}, key_path, report);
    const bool regexp = value.given("regexp") != nullptr;
    if (!regexp) check_required(value, {"paths"}, key_path, report);
    if (value.given("ref") != nullptr) check_required(value, {"project"}, key_path, report);
    check_regexp(value, key_path, report);
    if (const Value* paths = value.given("paths")) {
        check_string_list_attribute(value, "paths", key_path, report);
        if (length_of(*paths) > kMostPaths) {
            report.add(key_path, "paths has too many entries (maximum 50)", paths->mark());
        }
    }
    for (const auto* key : {"project", "ref"}) {
        check_string_attribute(value, key, key_path, report);
    }
}

void check_exists(const Value& value, bool limited, const KeyPath& key_path, Report& report) {
    if (value.is_string() || value.is_blank()) return;
    if (value.is_map()) return check_exists_map(value, key_path, report);
    if (!value.is_list()) {
        report.add(key_path, "should be a string, an array of strings, or a hash", value.mark());
        return;
    }
    if (!is_text_list(value)) {
        report.add(key_path, "config should be an array of strings", value.mark());
    }
    if (limited && value.items().size() > kMostPaths) {
        report.add(key_path, "config has too many entries (maximum 50)", value.mark());
    }
}

void check_rule_start(const Value& rule, bool delayed, const KeyPath& key_path, Report& report) {
    const Value* start = rule.find("start_in");
    if (!delayed) {
        if (start != nullptr) {
            report.add(key_path, "config contains disallowed keys: start_in", start->mark());
        }
        return;
    }
    if (start == nullptr || start->is_blank()) {
        report.add(key_path, "start in can't be blank", rule.mark());
    }
    check_duration(start, kOneWeek, "start in", start == nullptr ? rule.mark() : start->mark(),
                   key_path, report);
}

void check_rule_keys(const Value& rule, RuleScope scope, const KeyPath& key_path, Report& report) {
    switch (scope) {
        case RuleScope::kJob:
            check_keys(rule,
                       {"if", "changes", "exists", "when", "start_in", "allow_failure", "variables",
                        "needs", "interruptible"},
                       key_path, report);
            break;
        case RuleScope::kWorkflow:
            check_keys(rule,
                       {"if", "changes", "exists", "when", "start_in", "allow_failure", "variables",
                        "needs", "auto_cancel"},
                       key_path, report);
            break;
        case RuleScope::kInclude:
            check_keys(rule, {"if", "changes", "exists", "when"}, key_path, report);
            break;
    }
}

bool is_known_when(std::string_view when, RuleScope scope) {
    if (scope == RuleScope::kJob) {
        return one_of(when, {"on_success", "on_failure", "always", "never", "manual", "delayed"});
    }
    return one_of(when, {"always", "never"});
}

void check_rule_when(const Value& rule, RuleScope scope, const KeyPath& key_path, Report& report) {
    const Value* when = rule.given("when");
    if (when == nullptr) return;
    if (when->is_string() && is_known_when(when->as_string(), scope)) return;
    report.add(key_path, "when unknown value: " + yaml::interpolated(*when), when->mark());
}

/// The rule itself, without the values of the keys that have checks of their own.
void check_rule_attributes(const Value& rule, RuleScope scope, const KeyPath& key_path,
                           Report& report) {
    if (rule.entries().empty()) report.add(key_path, "config can't be blank", rule.mark());
    if (scope == RuleScope::kInclude) check_rule_keys(rule, scope, key_path, report);
    const Value* when = rule.given("when");
    if (scope != RuleScope::kInclude) {
        check_rule_start(rule, when != nullptr && when->is_text("delayed"), key_path, report);
    }
    const Value* condition = rule.given("if");
    if (condition != nullptr && !is_valid_expression(*condition)) {
        report.add(key_path, "if invalid expression syntax", condition->mark());
    }
    if (scope == RuleScope::kInclude) return check_rule_when(rule, scope, key_path, report);
    check_boolean_attribute(rule, "allow_failure", key_path, report);
    check_boolean_attribute(rule, "interruptible", key_path, report);
    check_rule_when(rule, scope, key_path, report);
    check_rule_keys(rule, scope, key_path, report);
}

void check_rule(const Value& rule, RuleScope scope, const KeyPath& key_path, Report& report) {
    if (rule.is_null()) return;
    if (!rule.is_map()) {
        // GitLab has two validators that report this, and runs another one in between.
        report.add(key_path, "config should be a hash", rule.mark());
        if (rule.is_blank()) report.add(key_path, "config can't be blank", rule.mark());
        report.add(key_path, "config should be a hash", rule.mark());
        return;
    }
    const std::size_t before = report.count();
    check_rule_attributes(rule, scope, key_path, report);
    if (!report.clean_since(before)) return;
    if (const Value* changes = rule.given("changes")) {
        check_changes(*changes, KeyPath{&key_path, "changes"}, report);
    }
    if (const Value* exists = rule.given("exists")) {
        check_exists(*exists, scope != RuleScope::kInclude, KeyPath{&key_path, "exists"}, report);
    }
    if (scope == RuleScope::kInclude) return;
    if (const Value* variables = rule.given("variables")) {
        check_variables(*variables, VariableScope::kRule, KeyPath{&key_path, "variables"}, report);
    }
    const Value* needs = rule.given("needs");
    if (needs != nullptr && scope == RuleScope::kJob) {
        check_needs(*needs, {.rule = true}, KeyPath{&key_path, "needs"}, report);
    }
    const Value* auto_cancel = rule.given("auto_cancel");
    if (auto_cancel != nullptr && scope == RuleScope::kWorkflow) {
        check_auto_cancel(*auto_cancel, KeyPath{&key_path, "auto_cancel"}, report);
    }
}

void check_rule_items(const yaml::List& items, RuleScope scope, const KeyPath& key_path,
                      Report& report) {
    for (const Value& item : items) {
        if (item.is_list()) {
            check_rule_items(item.items(), scope, key_path, report);
        } else {
            check_rule(item, scope, key_path, report);
        }
    }
}

}  // namespace

void check_rules(const Value& value, RuleScope scope, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    if (value.is_blank()) report.add(key_path, "config can't be blank", value.mark());
    if (!value.is_list()) report.add(key_path, "config should be an array", value.mark());
    if (!report.clean_since(before)) return;
    check_rule_items(value.items(), scope, KeyPath{&key_path, "rule"}, report);
}

}  // namespace runner::pipeline::keywords
