#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

void check_auto_cancel(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    check_keys(value, {"on_new_commit", "on_job_failure"}, key_path, report);
    check_choice_attribute(value, "on_new_commit", {"conservative", "interruptible", "none"},
                           key_path, report, "must");
    check_choice_attribute(value, "on_job_failure", {"none", "all"}, key_path, report, "must");
}

void check_workflow(const Value& value, Report& report) {
    const KeyPath key_path{nullptr, "workflow"};
    if (!value.is_map()) return report_not_a_hash_twice(value, key_path, report);
    const std::size_t before = report.count();
    check_keys(value, {"rules", "name", "auto_cancel"}, key_path, report);
    if (const Value* name = value.given("name")) {
        if (length_of(*name) > 255) {
            report.add(key_path, "name is too long (maximum is 255 characters)", name->mark());
        }
    }
    if (!report.clean_since(before)) return;
    if (const Value* rules = value.given("rules")) {
        check_rules(*rules, RuleScope::kWorkflow, KeyPath{&key_path, "rules"}, report);
    }
    if (const Value* auto_cancel = value.given("auto_cancel")) {
        check_auto_cancel(*auto_cancel, KeyPath{&key_path, "auto_cancel"}, report);
    }
}

}  // namespace runner::pipeline::keywords
