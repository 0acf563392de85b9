#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::List;
using yaml::Value;

namespace {

constexpr std::size_t kMostCrossNeeds = 5;

bool has(const Value& need, std::string_view key) { return need.find(key) != nullptr; }

void check_need_parallel(const Value& need, const KeyPath& key_path, Report& report) {
    const Value* parallel = need.given("parallel");
    if (parallel == nullptr || parallel->is_integer()) return;
    check_parallel(*parallel, false, KeyPath{&key_path, "parallel"}, report);
}

void check_job_need(const Value& need, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    check_keys(need, {"job", "artifacts", "optional", "parallel"}, key_path, report);
    check_required_string_attribute(need, "job", key_path, report);
    check_boolean_attribute(need, "artifacts", key_path, report);
    check_boolean_attribute(need, "optional", key_path, report);
    if (report.clean_since(before)) check_need_parallel(need, key_path, report);
}

void check_pipeline_need(const Value& need, const KeyPath& key_path, Report& report) {
    check_keys(need, {"pipeline", "job", "artifacts"}, key_path, report);
    check_required_string_attribute(need, "pipeline", key_path, report);
    check_required_string_attribute(need, "job", key_path, report);
    check_boolean_attribute(need, "artifacts", key_path, report);
}

void check_project_need(const Value& need, const KeyPath& key_path, Report& report) {
    check_keys(need, {"project", "ref", "job", "artifacts"}, key_path, report);
    for (const auto* key : {"project", "ref", "job"})
        check_required_string_attribute(need, key, key_path, report);
    check_boolean_attribute(need, "artifacts", key_path, report);
}

/// GitLab decides by the keys of a need which form it has.
void check_need(const Value& need, const NeedsContext& context, const KeyPath& key_path,
                Report& report) {
    if (need.is_null()) return;
    if (need.is_string()) {
        if (need.is_blank()) report.add(key_path, "config can't be blank", need.mark());
        return;
    }
    if (need.is_map()) {
        if (has(need, "pipeline") && has(need, "job"))
            return check_pipeline_need(need, key_path, report);
        if (context.enterprise && has(need, "project"))
            return check_project_need(need, key_path, report);
        if (context.enterprise && context.bridge && has(need, "pipeline")) {
            check_keys(need, {"pipeline"}, key_path, report);
            return check_required_string_attribute(need, "pipeline", key_path, report);
        }
        if (has(need, "job") && !has(need, "project") && !has(need, "pipeline")) {
            return check_job_need(need, key_path, report);
        }
    }
    report.add(key_path, "has an unsupported type", need.mark());
}

/// The rules for the whole list: how many needs of which type it may have.
void check_list_rules(const List& needs, const NeedsContext& context, Mark mark,
                      const KeyPath& key_path, Report& report) {
    std::size_t pipelines = 0;
    std::size_t projects = 0;
    for (const Value& need : needs) {
        if (!need.is_map()) continue;
        const Value* parallel = need.given("parallel");
        if (parallel != nullptr && parallel->is_integer()) {
            report.add(key_path, "config cannot use \"parallel: <number>\".", parallel->mark());
        }
        if (has(need, "pipeline") && has(need, "job")) ++pipelines;
        if (has(need, "project")) ++projects;
    }
    if ((pipelines > 0 || projects > 0) && (context.bridge || context.rule)) {
        report.add(key_path, "config uses invalid types: cross_dependency", mark);
    }
    if (pipelines > kMostCrossNeeds || projects > kMostCrossNeeds) {
        report.add(key_path, "config must be less than or equal to 5", mark);
    }
}

}  // namespace

void check_needs(const Value& value, const NeedsContext& context, const KeyPath& key_path,
                 Report& report) {
    if (value.is_map() && value.entries().empty()) {
        return report.add(key_path, "config can not be an empty hash", value.mark());
    }
    if (!value.is_map() && !value.is_list()) {
        return report.add(key_path, "config can only be a hash or an array", value.mark());
    }
    const List needs = value.is_map() ? List{value} : yaml::flattened(value);
    check_list_rules(needs, context, value.mark(), key_path, report);
    for (const Value& need : needs) check_need(need, context, KeyPath{&key_path, "need"}, report);
}

}  // namespace runner::pipeline::keywords
