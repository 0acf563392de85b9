#include <algorithm>

#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/expression/expression.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kMostPaths = 50;
constexpr std::size_t kRegexpLimit = 255;

bool valid_expression(const Value& value) {
    return value.is_string() && expression::Expression::parse(value.as_string()).has_value();
}

void check_regexp(const Value& map, const Place& place, Report& report) {
    const Value* regexp = map.given("regexp");
    if (regexp == nullptr) return;
    if (!regexp->is_string()) {
        report.add(place, "regexp should be a string", regexp->mark());
    } else if (regexp->as_string().size() > kRegexpLimit) {
        report.add(place, "regexp is too long (maximum is 255 characters)", regexp->mark());
    } else if (!is_literal_regex(regexp->as_string())) {
        report.add(place, "regexp must be a regular expression with re2 syntax", regexp->mark());
    }
}

void check_path_list(const Value* paths, std::string_view attribute, const Place& place, Mark mark,
                     Report& report) {
    const std::string name(attribute);
    if (paths == nullptr || !is_text_list(*paths)) {
        report.add(place, name + " should be an array of strings", mark);
    }
    if (paths == nullptr || (paths->is_list() && paths->items().size() > kMostPaths)) {
        report.add(place, name + " has too many entries (maximum 50)", mark);
    }
}

void check_paths_map(const Value& value, Names keys, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_keys(value, keys, place, report);
    const bool regexp = value.given("regexp") != nullptr;
    if (!regexp) check_required(value, {"paths"}, place, report);
    if (!report.clean_since(before) && value.find("paths") != nullptr) return;
    if (regexp) {
        check_regexp(value, place, report);
    } else {
        const Value* paths = value.find("paths");
        const Mark mark = paths == nullptr ? value.mark() : paths->mark();
        check_path_list(paths, "paths", place, mark, report);
    }
    for (const auto* key : {"compare_to", "project", "ref"}) {
        const Value* text = value.given(key);
        if (text == nullptr || text->is_string()) continue;
        std::string attribute = key;
        std::replace(attribute.begin(), attribute.end(), '_', ' ');
        report.add(place, attribute + " should be a string", text->mark());
    }
}

void check_changes(const Value& value, const Place& place, Report& report) {
    if (value.is_map())
        return check_paths_map(value, {"paths", "compare_to", "regexp"}, place, report);
    if (!value.is_list()) return report.add(place, "should be an array or a hash", value.mark());
    if (!is_text_list(value)) {
        report.add(place, "config should be an array of strings", value.mark());
    }
    if (value.items().size() > kMostPaths) {
        report.add(place, "config has too many entries (maximum 50)", value.mark());
    }
}

void check_exists_map(const Value& value, const Place& place, Report& report) {
    check_keys(value, {"paths", "project", "ref", "regexp"}, place, report);
    const bool regexp = value.given("regexp") != nullptr;
    if (!regexp) check_required(value, {"paths"}, place, report);
    if (value.given("ref") != nullptr) check_required(value, {"project"}, place, report);
    check_regexp(value, place, report);
    if (const Value* paths = value.given("paths")) {
        if (!is_text_list(*paths)) {
            report.add(place, "paths should be an array of strings", paths->mark());
        }
        if (length_of(*paths) > kMostPaths) {
            report.add(place, "paths has too many entries (maximum 50)", paths->mark());
        }
    }
    for (const auto* key : {"project", "ref"}) {
        const Value* text = value.given(key);
        if (text == nullptr || text->is_string()) continue;
        report.add(place, std::string(key) + " should be a string", text->mark());
    }
}

void check_exists(const Value& value, bool limited, const Place& place, Report& report) {
    if (value.is_string() || value.is_blank()) return;
    if (value.is_map()) return check_exists_map(value, place, report);
    if (!value.is_list()) {
        report.add(place, "should be a string, an array of strings, or a hash", value.mark());
        return;
    }
    if (!is_text_list(value)) {
        report.add(place, "config should be an array of strings", value.mark());
    }
    if (limited && value.items().size() > kMostPaths) {
        report.add(place, "config has too many entries (maximum 50)", value.mark());
    }
}

void check_rule_start(const Value& rule, bool delayed, const Place& place, Report& report) {
    const Value* start = rule.find("start_in");
    if (!delayed) {
        if (start != nullptr) {
            report.add(place, "config contains disallowed keys: start_in", start->mark());
        }
        return;
    }
    if (start == nullptr || start->is_blank()) {
        report.add(place, "start in can't be blank", rule.mark());
    }
    const auto duration =
        start != nullptr && start->is_string() ? parse_duration(start->as_string()) : std::nullopt;
    const Mark mark = start == nullptr ? rule.mark() : start->mark();
    if (!duration) report.add(place, "start in should be a duration", mark);
    if (!duration || *duration > kOneWeek) {
        report.add(place, "start in should not exceed the limit", mark);
    }
}

void check_rule_keys(const Value& rule, RuleScope scope, const Place& place, Report& report) {
    switch (scope) {
        case RuleScope::kJob:
            check_keys(rule,
                       {"if", "changes", "exists", "when", "start_in", "allow_failure", "variables",
                        "needs", "interruptible"},
                       place, report);
            break;
        case RuleScope::kWorkflow:
            check_keys(rule,
                       {"if", "changes", "exists", "when", "start_in", "allow_failure", "variables",
                        "needs", "auto_cancel"},
                       place, report);
            break;
        case RuleScope::kInclude:
            check_keys(rule, {"if", "changes", "exists", "when"}, place, report);
            break;
    }
}

bool known_when(std::string_view when, RuleScope scope) {
    if (scope == RuleScope::kJob) {
        return one_of(when, {"on_success", "on_failure", "always", "never", "manual", "delayed"});
    }
    return one_of(when, {"always", "never"});
}

void check_rule_when(const Value& rule, RuleScope scope, const Place& place, Report& report) {
    const Value* when = rule.given("when");
    if (when == nullptr) return;
    if (when->is_string() && known_when(when->as_string(), scope)) return;
    report.add(place, "when unknown value: " + yaml::interpolated(*when), when->mark());
}

void check_rule_own(const Value& rule, RuleScope scope, const Place& place, Report& report) {
    if (rule.entries().empty()) report.add(place, "config can't be blank", rule.mark());
    if (scope == RuleScope::kInclude) check_rule_keys(rule, scope, place, report);
    const Value* when = rule.given("when");
    if (scope != RuleScope::kInclude) {
        check_rule_start(rule, when != nullptr && when->is_text("delayed"), place, report);
    }
    const Value* condition = rule.given("if");
    if (condition != nullptr && !valid_expression(*condition)) {
        report.add(place, "if invalid expression syntax", condition->mark());
    }
    if (scope == RuleScope::kInclude) return check_rule_when(rule, scope, place, report);
    const Value* allow_failure = rule.given("allow_failure");
    if (allow_failure != nullptr && !allow_failure->is_bool()) {
        report.add(place, "allow failure should be a boolean value", allow_failure->mark());
    }
    const Value* interruptible = rule.given("interruptible");
    if (interruptible != nullptr && !interruptible->is_bool()) {
        report.add(place, "interruptible should be a boolean value", interruptible->mark());
    }
    check_rule_when(rule, scope, place, report);
    check_rule_keys(rule, scope, place, report);
}

void check_auto_cancel(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    check_keys(value, {"on_new_commit", "on_job_failure"}, place, report);
    const Value* commit = value.given("on_new_commit");
    if (commit != nullptr && !commit->is_string()) {
        report.add(place, "on new commit should be a string", commit->mark());
    }
    if (commit != nullptr && !all_of(*commit, {"conservative", "interruptible", "none"})) {
        report.add(place, "on new commit must be one of: conservative, interruptible, none",
                   commit->mark());
    }
    const Value* failure = value.given("on_job_failure");
    if (failure != nullptr && !failure->is_string()) {
        report.add(place, "on job failure should be a string", failure->mark());
    }
    if (failure != nullptr && !all_of(*failure, {"none", "all"})) {
        report.add(place, "on job failure must be one of: none, all", failure->mark());
    }
}

void check_rule(const Value& rule, RuleScope scope, const Place& place, Report& report) {
    if (rule.is_null()) return;
    if (!rule.is_map()) {
        // GitLab states this rule twice and so prints it twice.
        report.add(place, "config should be a hash", rule.mark());
        if (rule.is_blank()) report.add(place, "config can't be blank", rule.mark());
        report.add(place, "config should be a hash", rule.mark());
        return;
    }
    const std::size_t before = report.count();
    check_rule_own(rule, scope, place, report);
    if (!report.clean_since(before)) return;
    if (const Value* changes = rule.given("changes")) {
        check_changes(*changes, Place{&place, "changes"}, report);
    }
    if (const Value* exists = rule.given("exists")) {
        check_exists(*exists, scope != RuleScope::kInclude, Place{&place, "exists"}, report);
    }
    if (scope == RuleScope::kInclude) return;
    if (const Value* variables = rule.given("variables")) {
        check_variables(*variables, VariableScope::kRule, Place{&place, "variables"}, report);
    }
    const Value* needs = rule.given("needs");
    if (needs != nullptr && scope == RuleScope::kJob) {
        check_needs(*needs, {.rule = true}, Place{&place, "needs"}, report);
    }
    const Value* auto_cancel = rule.given("auto_cancel");
    if (auto_cancel != nullptr && scope == RuleScope::kWorkflow) {
        check_auto_cancel(*auto_cancel, Place{&place, "auto_cancel"}, report);
    }
}

void check_rule_items(const yaml::List& items, RuleScope scope, const Place& place,
                      Report& report) {
    for (const Value& item : items) {
        if (item.is_list()) {
            check_rule_items(item.items(), scope, place, report);
        } else {
            check_rule(item, scope, place, report);
        }
    }
}

}  // namespace

void check_rules(const Value& value, RuleScope scope, const Place& place, Report& report) {
    const std::size_t before = report.count();
    if (value.is_blank()) report.add(place, "config can't be blank", value.mark());
    if (!value.is_list()) report.add(place, "config should be an array", value.mark());
    if (!report.clean_since(before)) return;
    check_rule_items(value.items(), scope, Place{&place, "rule"}, report);
}

void check_workflow(const Value& value, Report& report) {
    const Place place{nullptr, "workflow"};
    if (!value.is_map()) {
        // GitLab states this rule twice and so prints it twice.
        report.add(place, "config should be a hash", value.mark());
        report.add(place, "config should be a hash", value.mark());
        return;
    }
    const std::size_t before = report.count();
    check_keys(value, {"rules", "name", "auto_cancel"}, place, report);
    if (const Value* name = value.given("name")) {
        if (length_of(*name) > 255) {
            report.add(place, "name is too long (maximum is 255 characters)", name->mark());
        }
    }
    if (!report.clean_since(before)) return;
    if (const Value* rules = value.given("rules")) {
        check_rules(*rules, RuleScope::kWorkflow, Place{&place, "rules"}, report);
    }
    if (const Value* auto_cancel = value.given("auto_cancel")) {
        check_auto_cancel(*auto_cancel, Place{&place, "auto_cancel"}, report);
    }
}

namespace {

bool is_refs(const Value& value) {
    if (!value.is_list()) return false;
    return std::all_of(value.items().begin(), value.items().end(), [](const Value& v) {
        if (!v.is_string()) return false;
        const std::string& text = v.as_string();
        const std::size_t end = text.rfind('/');
        const bool regex_form = text.size() > 1 && text.front() == '/' && end > 0 &&
                                text.find_first_not_of("ismU", end + 1) == std::string::npos;
        return !regex_form || is_literal_regex(text);
    });
}

void check_policy_expressions(const Value& policy, const Place& place, Report& report) {
    const Value* variables = policy.given("variables");
    if (variables == nullptr || !variables->is_list()) return;
    for (const Value& condition : variables->items()) {
        if (valid_expression(condition)) continue;
        report.add(place, "variables invalid expression syntax", condition.mark());
    }
}

void check_policy_map(const Value& value, const Place& place, Report& report) {
    if (value.entries().empty()) report.add(place, "config can't be blank", value.mark());
    check_keys(value, {"refs", "kubernetes", "variables", "changes"}, place, report);
    check_policy_expressions(value, place, report);
    const Value* refs = value.given("refs");
    if (refs != nullptr && !is_refs(*refs)) {
        report.add(place,
                   "refs should be an array of strings or regular expressions using re2 syntax",
                   refs->mark());
    }
    const Value* kubernetes = value.given("kubernetes");
    if (kubernetes != nullptr && !kubernetes->is_text("active")) {
        report.add(place, "kubernetes unknown value: " + kubernetes->to_text(), kubernetes->mark());
    }
    const Value* variables = value.given("variables");
    if (variables != nullptr && !is_text_list(*variables)) {
        report.add(place, "variables should be an array of strings", variables->mark());
    }
    const Value* changes = value.given("changes");
    if (changes != nullptr && !is_text_list(*changes)) {
        report.add(place, "changes should be an array of strings", changes->mark());
    }
}

}  // namespace

void check_policy(const Value& value, const Place& place, Report& report) {
    if (value.is_map()) return check_policy_map(value, place, report);
    if (!value.is_list()) {
        report.add(place, "has to be either an array of conditions or a hash", value.mark());
        return;
    }
    if (is_refs(value)) return;
    report.add(place,
               "config should be an array of strings or regular expressions using re2 syntax",
               value.mark());
}

}  // namespace runner::pipeline::keywords
