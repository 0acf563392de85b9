#include "runner/pipeline/keywords/job_common.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kNameLimit = 255;

void check_name(const Value& name, const KeyPath& key_path, Report& report) {
    if (name.is_blank()) report.add(key_path, "name can't be blank", name.mark());
    if (!name.is_string()) report.add(key_path, "name should be a symbol", name.mark());
    if (name.is_string() && base::utf8_length(name.as_string()) > kNameLimit) {
        report.add(key_path, "name is too long (maximum is 255 characters)", name.mark());
    }
}

/// `rules` excludes some other keywords.
void check_keys_beside_rules(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.given("rules") == nullptr) return;
    std::vector<std::string> misplaced;
    for (const auto& [key, item] : value.entries()) {
        const bool excluded =
            key.is_text("only") || key.is_text("except") || key.is_text("start_in");
        if (excluded && !item.is_null()) misplaced.push_back(key.as_string());
    }
    if (misplaced.empty()) return;
    report.add(key_path, "config key may not be used with `rules`: " + base::join(misplaced, ", "),
               value.given(misplaced.front())->mark());
}

}  // namespace

void check_common_attributes(const Value& name, const Value& value, const KeyPath& key_path,
                             Report& report) {
    check_name(name, key_path, report);
    check_exclusive(value, {"script", "trigger"}, key_path, report);
    check_exclusive(value, {"run", "trigger"}, key_path, report);
    check_keys_beside_rules(value, key_path, report);
    const Value* extends = value.given("extends");
    if (extends != nullptr && !is_text_or_list(*extends)) {
        report.add(key_path, "extends should be an array of strings or a string", extends->mark());
    }
    const Value* rules = value.given("rules");
    if (rules != nullptr && !is_nested_maps(*rules)) {
        report.add(key_path, "rules should be an array containing hashes and arrays of hashes",
                   rules->mark());
    }
    check_string_attribute(value, "resource_group", key_path, report);
}

void check_common_keywords(const Value& value, const JobContext& context, const KeyPath& key_path,
                           Report& report) {
    check_keyword(value, "stage", context, key_path, report, check_stage);
    check_keyword(value, "only", context, key_path, report, check_only_except);
    check_keyword(value, "except", context, key_path, report, check_only_except);
    check_keyword(
        value, "rules", context, key_path, report,
        [](const Value& v, const KeyPath& p, Report& r) { check_rules(v, RuleScope::kJob, p, r); });
    check_keyword(value, "variables", context, key_path, report,
                  [](const Value& v, const KeyPath& p, Report& r) {
                      check_variables(v, VariableScope::kJob, p, r);
                  });
    check_keyword(value, "inherit", context, key_path, report, check_inherit);
    check_keyword(value, "environment", context, key_path, report, check_environment);
    check_keyword(value, "interruptible", context, key_path, report, check_boolean);
}

void warn_of_duplicate_pipelines(const Value& value, const JobContext& context,
                                 const KeyPath& key_path, Report& report) {
    const Value* rules = value.given("rules");
    if (rules == nullptr || context.workflow_rules) return;
    if (!has_no_problems([&](Report& r) { check_rules(*rules, RuleScope::kJob, key_path, r); }))
        return;
    const yaml::List flat = yaml::flattened(*rules);
    if (flat.empty() || !flat.back().is_map()) return;
    const Value& last = flat.back();
    const Value* when = last.given("when");
    const auto given = std::count_if(last.entries().begin(), last.entries().end(),
                                     [](const auto& entry) { return !entry.second.is_null(); });
    if (when == nullptr || when->is_text("never") || given != 1) return;
    report.warn(key_path,
                "may allow multiple pipelines to run for a single action due to `rules:when` "
                "clause with no `workflow:rules` - read more: "
                "https://docs.gitlab.com/ee/ci/jobs/job_troubleshooting.html#job-may-allow-"
                "multiple-pipelines-to-run-for-a-single-action-warning",
                last.mark());
}

}  // namespace runner::pipeline::keywords
