#include "runner/pipeline/keywords/root.hpp"

#include <algorithm>

#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

void check_default(const Value& root, Edition edition, Defaults& defaults, Report& report) {
    const Value* value = root.given("default");
    if (value == nullptr || looks_like_job(*value)) return;
    const Place place{nullptr, "default"};
    if (!value->is_map()) return report.add(place, "config should be a hash", value->mark());
    const std::size_t before = report.count();
    if (edition == Edition::kEnterprise) {
        check_keys(*value, kDefaultKeywords, place, report);
    } else {
        check_keys(*value,
                   {"before_script", "image", "services", "after_script", "cache", "interruptible",
                    "retry", "hooks", "tags", "artifacts", "timeout", "id_tokens"},
                   place, report);
    }
    if (!report.clean_since(before)) return;
    for (const auto keyword : kDefaultKeywords) {
        const Value* entry = value->given(keyword);
        if (entry == nullptr) continue;
        Report own;
        check_default_keyword(keyword, *entry, Place{&place, keyword}, own);
        report.append(own.problems());
        defaults.values[std::string(keyword)] = *entry;
        if (!own.problems().empty()) defaults.problems[std::string(keyword)] = own.take();
    }
}

/// The old spelling: a keyword of `default` at the top level.
void check_global(std::string_view keyword, const Value& root, Defaults& defaults,
                  Report& report) {
    const Value* value = root.given(keyword);
    if (value == nullptr) return;
    if (defaults.values.contains(keyword)) {
        report.add_plain(std::string(keyword) + " is defined in top-level and `default:` entry",
                         value->mark());
        return;
    }
    Report own;
    check_default_keyword(keyword, *value, Place{nullptr, keyword}, own);
    report.append(own.problems());
    defaults.values[std::string(keyword)] = *value;
    if (!own.problems().empty()) defaults.problems[std::string(keyword)] = own.take();
}

/// Names of letters and blanks only lose their blanks in this one message.
std::string shown_name(const std::string& name) {
    const bool words = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ';
    });
    std::string shown = name;
    if (words) std::replace(shown.begin(), shown.end(), ' ', '_');
    return shown;
}

void check_jobs(const Value& root, Edition edition, const Defaults& defaults, Report& report) {
    const Place jobs{nullptr, "jobs"};
    const std::size_t before = report.count();
    bool visible = false;
    for (const auto& [name, value] : root.entries()) {
        if (!is_job_entry(name, value)) continue;
        const JobKind kind = kind_of(name, value);
        visible = visible || kind == JobKind::kJob || kind == JobKind::kBridge;
        if (kind != JobKind::kUnknown) continue;
        report.add(jobs,
                   shown_name(name.to_text()) +
                       " config should implement the script:, run:, or trigger: keyword",
                   name.mark());
    }
    if (!visible) report.add(jobs, "config should contain at least one visible job", root.mark());
    if (!report.clean_since(before)) return;
    const JobContext context{edition, &defaults};
    for (const auto& [name, value] : root.entries()) {
        if (is_job_entry(name, value)) check_job(name, value, kind_of(name, value), context, report);
    }
}

}  // namespace

bool is_job_entry(const Value& name, const Value& value) {
    if (!name.is_string()) return true;
    const std::string& text = name.as_string();
    if (text == "default" || text == "workflow") return looks_like_job(value);
    return !one_of(text, {"include", "before_script", "image", "services", "after_script",
                          "variables", "stages", "cache"});
}

void check_root(const Value& root, Edition edition, Defaults& defaults, Report& report) {
    check_default(root, edition, defaults, report);
    for (const auto* keyword : {"before_script", "image", "services", "after_script"}) {
        check_global(keyword, root, defaults, report);
    }
    if (const Value* variables = root.given("variables")) {
        check_variables(*variables, VariableScope::kRoot, Place{nullptr, "variables"}, report);
    }
    if (const Value* stages = root.given("stages")) {
        check_stages(*stages, Place{nullptr, "stages"}, report);
    }
    check_global("cache", root, defaults, report);
    const Value* workflow = root.given("workflow");
    if (workflow != nullptr && !looks_like_job(*workflow)) check_workflow(*workflow, report);
    check_jobs(root, edition, defaults, report);
}

}  // namespace runner::pipeline::keywords
