#include <algorithm>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::List;
using yaml::Value;

namespace {

constexpr std::size_t kMostCrossNeeds = 5;

bool has(const Value& need, std::string_view key) { return need.find(key) != nullptr; }

void check_text(const Value& need, std::string_view key, const Place& place, Report& report) {
    const Value* value = need.find(key);
    if (value == nullptr || !value->is_string()) {
        report.add(place, std::string(key) + " should be a string", need.mark());
    }
    if (value == nullptr || value->is_blank()) {
        report.add(place, std::string(key) + " can't be blank", need.mark());
    }
}

void check_flag(const Value& need, std::string_view key, const Place& place, Report& report) {
    const Value* value = need.given(key);
    if (value != nullptr && !value->is_bool()) {
        report.add(place, std::string(key) + " should be a boolean value", value->mark());
    }
}

void check_need_parallel(const Value& need, const Place& place, Report& report) {
    const Value* parallel = need.given("parallel");
    if (parallel == nullptr || parallel->is_integer()) return;
    check_parallel(*parallel, false, Place{&place, "parallel"}, report);
}

void check_job_need(const Value& need, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_keys(need, {"job", "artifacts", "optional", "parallel"}, place, report);
    check_text(need, "job", place, report);
    check_flag(need, "artifacts", place, report);
    check_flag(need, "optional", place, report);
    if (report.clean_since(before)) check_need_parallel(need, place, report);
}

void check_pipeline_need(const Value& need, const Place& place, Report& report) {
    check_keys(need, {"pipeline", "job", "artifacts"}, place, report);
    check_text(need, "pipeline", place, report);
    check_text(need, "job", place, report);
    check_flag(need, "artifacts", place, report);
}

void check_project_need(const Value& need, const Place& place, Report& report) {
    check_keys(need, {"project", "ref", "job", "artifacts"}, place, report);
    for (const auto* key : {"project", "ref", "job"}) check_text(need, key, place, report);
    check_flag(need, "artifacts", place, report);
}

/// How GitLab tells the forms apart: by the keys that are there.
void check_need(const Value& need, const NeedsContext& context, const Place& place,
                Report& report) {
    if (need.is_null()) return;
    if (need.is_string()) {
        if (need.is_blank()) report.add(place, "config can't be blank", need.mark());
        return;
    }
    if (need.is_map()) {
        if (has(need, "pipeline") && has(need, "job"))
            return check_pipeline_need(need, place, report);
        if (context.enterprise && has(need, "project"))
            return check_project_need(need, place, report);
        if (context.enterprise && context.bridge && has(need, "pipeline")) {
            check_keys(need, {"pipeline"}, place, report);
            return check_text(need, "pipeline", place, report);
        }
        if (has(need, "job") && !has(need, "project") && !has(need, "pipeline")) {
            return check_job_need(need, place, report);
        }
    }
    report.add(place, "has an unsupported type", need.mark());
}

void check_list_rules(const List& needs, const NeedsContext& context, Mark mark, const Place& place,
                      Report& report) {
    std::size_t pipelines = 0;
    std::size_t projects = 0;
    for (const Value& need : needs) {
        if (!need.is_map()) continue;
        const Value* parallel = need.given("parallel");
        if (parallel != nullptr && parallel->is_integer()) {
            report.add(place, "config cannot use \"parallel: <number>\".", parallel->mark());
        }
        if (has(need, "pipeline") && has(need, "job")) ++pipelines;
        if (has(need, "project")) ++projects;
    }
    if ((pipelines > 0 || projects > 0) && (context.bridge || context.rule)) {
        report.add(place, "config uses invalid types: cross_dependency", mark);
    }
    if (pipelines > kMostCrossNeeds || projects > kMostCrossNeeds) {
        report.add(place, "config must be less than or equal to 5", mark);
    }
}

}  // namespace

void check_needs(const Value& value, const NeedsContext& context, const Place& place,
                 Report& report) {
    if (value.is_map() && value.entries().empty()) {
        return report.add(place, "config can not be an empty hash", value.mark());
    }
    if (!value.is_map() && !value.is_list()) {
        return report.add(place, "config can only be a hash or an array", value.mark());
    }
    const List needs = value.is_map() ? List{value} : yaml::flattened(value);
    check_list_rules(needs, context, value.mark(), place, report);
    for (const Value& need : needs) check_need(need, context, Place{&place, "need"}, report);
}

namespace {

constexpr std::int64_t kMostParallel = 200;

bool matrix_scalar(const Value& value) { return value.is_string() || value.is_integer(); }

bool matrix_variables(const Value& map) {
    return std::all_of(map.entries().begin(), map.entries().end(), [](const auto& entry) {
        if (!matrix_scalar(entry.first)) return false;
        if (matrix_scalar(entry.second)) return true;
        return entry.second.is_list() &&
               std::all_of(entry.second.items().begin(), entry.second.items().end(), matrix_scalar);
    });
}

std::int64_t combinations(const Value& map) {
    std::int64_t product = 1;
    for (const auto& [key, value] : map.entries()) {
        const auto count = value.is_list() ? static_cast<std::int64_t>(value.items().size()) : 1;
        product = std::min<std::int64_t>(product * count, 1'000'000);
    }
    return product;
}

void check_matrix(const Value& value, const Place& place, Report& report) {
    const bool maps = value.is_list() && std::all_of(value.items().begin(), value.items().end(),
                                                     [](const Value& v) { return v.is_map(); });
    if (!maps) return report.add(place, "config should be an array of hashes", value.mark());
    std::int64_t total = 0;
    for (const Value& map : value.items()) total += combinations(map);
    if (total > kMostParallel) {
        report.add(place, "config generates too many jobs (maximum is 200)", value.mark());
    }
    const Place inner{&place, "variables"};
    for (const Value& map : value.items()) {
        if (map.entries().empty()) {
            report.add(inner, "config requires at least 1 items", map.mark());
        } else if (!matrix_variables(map)) {
            report.add(inner, "config should be a hash of key value pairs, value can be an array",
                       map.mark());
        }
    }
}

}  // namespace

void check_parallel(const Value& value, bool bridge, const Place& place, Report& report) {
    if (value.is_map()) {
        const std::size_t before = report.count();
        check_keys(value, {"matrix"}, place, report);
        check_required(value, {"matrix"}, place, report);
        const Value* matrix = value.given("matrix");
        if (report.clean_since(before) && matrix != nullptr) {
            check_matrix(*matrix, Place{&place, "matrix"}, report);
        }
        return;
    }
    if (!value.is_integer() && !value.is_float()) {
        return report.add(place, "should be an integer or a hash", value.mark());
    }
    if (value.is_float()) return report.add(place, "config must be an integer", value.mark());
    if (value.as_integer() < 1) {
        report.add(place, "config must be greater than or equal to 1", value.mark());
    }
    if (value.as_integer() > kMostParallel) {
        report.add(place, "config must be less than or equal to 200", value.mark());
    }
    if (bridge) report.add(place, "config cannot use \"parallel: <number>\".", value.mark());
}

}  // namespace runner::pipeline::keywords
