#include "runner/pipeline/keywords/job.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/keywords/bridge.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/job_common.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

void check_start_in(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* when = value.given("when");
    const Value* start = value.given("start_in");
    const bool delayed = when != nullptr && when->is_text("delayed");
    const Mark mark = start == nullptr ? value.mark() : start->mark();
    if (delayed) {
        check_duration(start, kOneWeek, "start in", mark, key_path, report);
    }
    const bool rules = value.given("rules") != nullptr;
    if ((rules || !delayed) && start != nullptr && !start->is_blank()) {
        report.add(key_path, "start in must be blank", mark);
    }
}

const Names kJobKeys = {"extends",
                        "stage",
                        "only",
                        "except",
                        "rules",
                        "variables",
                        "inherit",
                        "allow_failure",
                        "when",
                        "needs",
                        "resource_group",
                        "environment",
                        "interruptible",
                        "manual_confirmation",
                        "tags",
                        "script",
                        "run",
                        "image",
                        "services",
                        "start_in",
                        "artifacts",
                        "cache",
                        "dependencies",
                        "before_script",
                        "after_script",
                        "hooks",
                        "coverage",
                        "retry",
                        "parallel",
                        "timeout",
                        "release",
                        "id_tokens",
                        "publish",
                        "pages",
                        "inputs"};
const Names kEnterpriseJobKeys = {"secrets", "identity", "dast_configuration"};

void check_job_attributes(const Value& name, const Value& value, const JobContext& context,
                          const KeyPath& key_path, Report& report) {
    check_common_attributes(name, value, key_path, report);
    for (const auto* key : {"script", "before_script", "after_script"}) {
        check_exclusive(value, {std::string_view(key), "run"}, key_path, report);
    }
    const bool enterprise = context.edition == Edition::kEnterprise;
    check_keys(value, kJobKeys, key_path, report, enterprise ? kEnterpriseJobKeys : Names());
    const Value* script = value.find("script");
    if (script != nullptr ? script->is_blank() : value.find("run") == nullptr) {
        report.add(key_path, "script can't be blank",
                   script == nullptr ? value.mark() : script->mark());
    }
    check_choice_attribute(value, "when",
                           {"on_success", "on_failure", "always", "manual", "delayed"}, key_path,
                           report);
    check_string_list_attribute(value, "dependencies", key_path, report);
    const Value* allow = value.given("allow_failure");
    if (allow != nullptr && !allow->is_bool() && !allow->is_map()) {
        report.add(key_path, "allow failure should be a hash or a boolean value", allow->mark());
    }
    check_string_attribute(value, "manual_confirmation", key_path, report);
    check_start_in(value, key_path, report);
    const Value* publish = value.given("publish");
    if (publish != nullptr && !publish->is_blank() && !is_pages_job(name, value)) {
        report.add(key_path, "publish can only be used within a `pages` job", publish->mark());
    }
}

void check_job_keywords(const Value& value, const JobContext& context, const KeyPath& key_path,
                        Report& report) {
    check_common_keywords(value, context, key_path, report);
    check_keyword(value, "before_script", context, key_path, report, check_commands);
    check_keyword(value, "script", context, key_path, report, check_commands);
    check_keyword(value, "run", context, key_path, report, check_run);
    check_keyword(value, "after_script", context, key_path, report, check_commands);
    check_keyword(value, "hooks", context, key_path, report, check_hooks);
    check_keyword(value, "cache", context, key_path, report, check_cache);
    check_keyword(value, "image", context, key_path, report, check_image);
    check_keyword(value, "services", context, key_path, report, check_services);
    check_keyword(value, "timeout", context, key_path, report, check_timeout);
    check_keyword(value, "retry", context, key_path, report,
                  [](const Value& v, const KeyPath&, Report& r) { check_retry(v, r); });
    check_keyword(value, "tags", context, key_path, report, check_tags);
    check_keyword(value, "artifacts", context, key_path, report, check_artifacts);
    check_keyword(value, "needs", context, key_path, report,
                  [&](const Value& v, const KeyPath& p, Report& r) {
                      check_needs(v, {false, context.edition == Edition::kEnterprise}, p, r);
                  });
    check_keyword(value, "coverage", context, key_path, report, check_coverage);
    check_keyword(value, "release", context, key_path, report, check_release);
    check_keyword(
        value, "parallel", context, key_path, report,
        [](const Value& v, const KeyPath& p, Report& r) { check_parallel(v, false, p, r); });
    check_keyword(value, "allow_failure", context, key_path, report, check_allow_failure);
    check_keyword(value, "id_tokens", context, key_path, report, check_id_tokens);
    check_keyword(value, "publish", context, key_path, report, check_publish);
    check_keyword(value, "pages", context, key_path, report, check_pages);
    check_keyword(value, "inputs", context, key_path, report, check_job_inputs);
    check_keyword(value, "secrets", context, key_path, report, check_secrets);
    check_keyword(value, "dast_configuration", context, key_path, report, check_dast_configuration);
}

/// The names of the jobs of the same pipeline that `needs` contains.
void collect_need_names(const Value& needs, std::vector<std::string>& names) {
    if (needs.is_string()) names.push_back(needs.as_string());
    if (const Value* job = needs.given("job")) {
        if (needs.find("pipeline") == nullptr && needs.find("project") == nullptr) {
            names.push_back(job->to_text());
        }
    }
    if (!needs.is_list()) return;
    for (const Value& item : needs.items()) collect_need_names(item, names);
}

/// Whether `needs` names a job of another pipeline or project.
bool has_cross_need(const Value& needs) {
    if (needs.is_map())
        return needs.find("pipeline") != nullptr || needs.find("project") != nullptr;
    return needs.is_list() &&
           std::any_of(needs.items().begin(), needs.items().end(), has_cross_need);
}

/// `dependencies` may only name jobs that `needs` names, too. GitLab checks this after the keywords
/// inside the job, but prints it before their problems.
void check_dependencies(const Value& value, const NeedsContext& context, const KeyPath& key_path,
                        Report& report) {
    const Value* dependencies = value.given("dependencies");
    const Value* needs = value.given("needs");
    if (dependencies == nullptr || needs == nullptr || dependencies->items().empty()) return;
    if (!has_no_problems([&](Report& r) { check_needs(*needs, context, key_path, r); })) return;
    std::vector<std::string> names;
    collect_need_names(*needs, names);
    // GitLab compares only with needs that are there: `needs: []` has none.
    if (names.empty() && !has_cross_need(*needs)) return;
    if (names.empty()) {
        report.add(key_path, "needs corresponding to dependencies must be from the same pipeline",
                   needs->mark());
        return;
    }
    std::vector<std::string> missing;
    for (const Value& name : dependencies->items()) {
        const std::string& text = name.as_string();
        if (std::find(names.begin(), names.end(), text) == names.end()) missing.push_back(text);
    }
    if (missing.empty()) return;
    report.add(key_path,
               "dependencies the " + base::join(missing, ", ") + " should be part of needs",
               dependencies->mark());
}

}  // namespace

void check_job(const Value& name, const Value& value, JobKind kind, const JobContext& context,
               Report& report) {
    const KeyPath jobs{nullptr, "jobs"};
    const std::string text = name.is_blank() ? "job" : path_name(name);
    const KeyPath key_path{&jobs, text};
    if (kind == JobKind::kHidden) {
        if (value.is_blank()) report.add(key_path, "config can't be blank", value.mark());
        return;
    }
    if (kind == JobKind::kBridge) return check_bridge(name, value, context, key_path, report);
    const std::size_t before = report.count();
    check_job_attributes(name, value, context, key_path, report);
    if (!report.clean_since(before)) return;
    warn_of_duplicate_pipelines(value, context, key_path, report);
    const NeedsContext needs{false, context.edition == Edition::kEnterprise};
    check_dependencies(value, needs, key_path, report);
    if (const Value* inputs = value.given("inputs"))
        check_job_input_defaults(*inputs, key_path, report);
    check_job_keywords(value, context, key_path, report);
}

}  // namespace runner::pipeline::keywords
