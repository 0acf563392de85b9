#include "runner/pipeline/keywords/bridge.hpp"

#include <algorithm>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/job_common.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

void check_bridge_attributes(const Value& name, const Value& value, const KeyPath& key_path,
                             Report& report) {
    check_common_attributes(name, value, key_path, report);
    check_keys(
        value,
        {"extends", "stage", "only", "except", "rules", "variables", "inherit", "allow_failure",
         "when", "needs", "resource_group", "environment", "interruptible", "trigger", "parallel"},
        key_path, report);
    check_choice_attribute(value, "when", {"on_success", "on_failure", "always", "manual"},
                           key_path, report);
    check_boolean_attribute(value, "allow_failure", key_path, report);
}

/// A bridge has a `trigger`, or mirrors the status of one upstream pipeline (`needs:pipeline`).
void check_bridge_needs(const Value& value, std::string_view no_trigger, bool enterprise,
                        const KeyPath& key_path, Report& report) {
    const Value* needs = value.given("needs");
    const auto mirrors = [](const Value& need) {
        return need.is_map() && need.find("pipeline") != nullptr && need.find("job") == nullptr;
    };
    std::ptrdiff_t mirrored = 0;
    if (enterprise && needs != nullptr && needs->is_list()) {
        mirrored = std::count_if(needs->items().begin(), needs->items().end(), mirrors);
    } else if (enterprise && needs != nullptr && mirrors(*needs)) {
        mirrored = 1;
    }
    if (value.given("trigger") == nullptr && mirrored == 0) {
        report.add(key_path, no_trigger, value.mark());
    }
    if (mirrored > 1) {
        report.add(key_path, "config should contain at most one bridge need", needs->mark());
    }
}

}  // namespace

void check_bridge(const Value& name, const Value& value, const JobContext& context,
                  const KeyPath& key_path, Report& report) {
    constexpr std::string_view kNoTrigger =
        "config should contain either a trigger or a needs:pipeline";
    const std::size_t before = report.count();
    check_bridge_attributes(name, value, key_path, report);
    if (!report.clean_since(before)) return report.add(key_path, kNoTrigger, value.mark());
    warn_of_duplicate_pipelines(value, context, key_path, report);
    check_bridge_needs(value, kNoTrigger, context.edition == Edition::kEnterprise, key_path,
                       report);
    check_common_keywords(value, context, key_path, report);
    check_keyword(value, "trigger", context, key_path, report, check_trigger);
    check_keyword(value, "needs", context, key_path, report,
                  [&](const Value& v, const KeyPath& p, Report& r) {
                      check_needs(v, {true, context.edition == Edition::kEnterprise}, p, r);
                  });
    check_keyword(
        value, "parallel", context, key_path, report,
        [](const Value& v, const KeyPath& p, Report& r) { check_parallel(v, true, p, r); });
}

}  // namespace runner::pipeline::keywords
