#include "runner/pipeline/plan/list_values.hpp"

#include <string_view>

#include "runner/pipeline/keywords/job_kind.hpp"

namespace runner::pipeline::plan {

using yaml::List;
using yaml::Map;
using yaml::Value;

namespace {

Value as_list(const Value& value) {
    return value.is_list() ? value : Value::list({value}, value.mark());
}

/// Replaces the value of a map's key by `change(value)` when the key has a value.
template <typename Change>
void change_given(Map& map, std::string_view key, Change change) {
    const Value* value = map.find(key);
    if (value == nullptr || value->is_null()) return;
    Value changed = change(*value);
    map.set(Value::string(std::string(key)), std::move(changed));
}

Value reports_of(const Value& reports) {
    if (!reports.is_map()) return reports;
    Map map;
    for (const auto& [key, value] : reports.entries()) {
        if (!value.is_null()) map.set(key, value.is_map() ? value : as_list(value));
    }
    return Value::map(std::move(map), reports.mark());
}

Value artifacts_of(const Value& artifacts, bool pages) {
    if (!artifacts.is_map()) return artifacts;
    Map map = artifacts.entries();
    change_given(map, "reports", reports_of);
    if (pages && artifacts.given("paths") == nullptr) {
        map.set(Value::string("paths"), Value::list({}));
    }
    return Value::map(std::move(map), artifacts.mark());
}

Value retry_of(const Value& retry) {
    if (!retry.is_map()) return retry;
    Map map = retry.entries();
    if (retry.given("exit_codes") == nullptr) map.erase("exit_codes");
    change_given(map, "when", as_list);
    change_given(map, "exit_codes", as_list);
    return Value::map(std::move(map), retry.mark());
}

Value allow_failure_of(const Value& allow_failure) {
    if (!allow_failure.is_map()) return allow_failure;
    Map map = allow_failure.entries();
    change_given(map, "exit_codes", as_list);
    return Value::map(std::move(map), allow_failure.mark());
}

Value job_of(const Value& job, bool pages) {
    const bool any = job.given("artifacts") != nullptr || job.given("retry") != nullptr ||
                     job.given("allow_failure") != nullptr;
    if (!any) return job;
    Map map = job.entries();
    change_given(map, "artifacts", [&](const Value& value) { return artifacts_of(value, pages); });
    change_given(map, "retry", retry_of);
    change_given(map, "allow_failure", allow_failure_of);
    return Value::map(std::move(map), job.mark());
}

}  // namespace

Value with_list_values(const Value& root) {
    Map entries;
    entries.reserve(root.entries().size());
    for (const auto& [name, value] : root.entries()) {
        const bool defaults = name.is_text("default") && !keywords::is_job_entry(name, value);
        const bool job = keywords::is_job_entry(name, value) &&
                         keywords::kind_of(name, value) == keywords::JobKind::kJob;
        const bool pages = job && keywords::is_pages_job(name, value);
        entries.set(name, job || defaults ? job_of(value, pages) : value);
    }
    return Value::map(std::move(entries), root.mark());
}

}  // namespace runner::pipeline::plan
