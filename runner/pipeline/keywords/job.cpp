#include "runner/pipeline/keywords/job.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/rules/clauses.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

const Names kDefaultKeywords = {"before_script", "after_script",  "hooks",   "cache", "image",
                                "services",      "interruptible", "timeout", "retry", "tags",
                                "artifacts",     "id_tokens",     "identity"};

namespace {

constexpr std::size_t kNameLimit = 255;

bool is_hidden(const Value& name) { return name.to_text().starts_with('.'); }

void check_name(const Value& name, const Place& place, Report& report) {
    if (name.is_blank()) report.add(place, "name can't be blank", name.mark());
    if (!name.is_string()) report.add(place, "name should be a symbol", name.mark());
    if (name.is_string() && base::utf8_length(name.as_string()) > kNameLimit) {
        report.add(place, "name is too long (maximum is 255 characters)", name.mark());
    }
}

/// The part of a job's own checks that bridges share.
void check_common(const Value& name, const Value& value, const Place& place, Report& report) {
    check_name(name, place, report);
    check_exclusive(value, {"script", "trigger"}, place, report);
    check_exclusive(value, {"run", "trigger"}, place, report);
    if (value.given("rules") != nullptr) {
        std::vector<std::string> misplaced;
        for (const auto& [key, item] : value.entries()) {
            const bool odd =
                key.is_text("only") || key.is_text("except") || key.is_text("start_in");
            if (odd && !item.is_null()) misplaced.push_back(key.as_string());
        }
        if (!misplaced.empty()) {
            report.add(place,
                       "config key may not be used with `rules`: " + base::join(misplaced, ", "),
                       value.given(misplaced.front())->mark());
        }
    }
    const Value* rules = value.given("rules");
    if (rules != nullptr && !is_nested_maps(*rules)) {
        report.add(place, "rules should be an array containing hashes and arrays of hashes",
                   rules->mark());
    }
    const Value* group = value.given("resource_group");
    if (group != nullptr && !group->is_string()) {
        report.add(place, "resource group should be a string", group->mark());
    }
}

void check_when(const Value& value, Names allowed, std::string_view list, const Place& place,
                Report& report) {
    const Value* when = value.given("when");
    if (when == nullptr) return;
    if (!when->is_string()) report.add(place, "when should be a string", when->mark());
    if (!all_of(*when, allowed)) {
        report.add(place, "when should be one of: " + std::string(list), when->mark());
    }
}

void check_start_in(const Value& value, const Place& place, Report& report) {
    const Value* when = value.given("when");
    const Value* start = value.given("start_in");
    const bool delayed = when != nullptr && when->is_text("delayed");
    const Mark mark = start == nullptr ? value.mark() : start->mark();
    if (delayed) {
        const auto duration = start != nullptr && start->is_string()
                                  ? parse_duration(start->as_string())
                                  : std::nullopt;
        if (!duration) report.add(place, "start in should be a duration", mark);
        if (!duration || *duration > kOneWeek) {
            report.add(place, "start in should not exceed the limit", mark);
        }
    }
    const bool rules = value.given("rules") != nullptr;
    if ((rules || !delayed) && start != nullptr && !start->is_blank()) {
        report.add(place, "start in must be blank", mark);
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

void check_job_own(const Value& name, const Value& value, const JobContext& context,
                   const Place& place, Report& report) {
    check_common(name, value, place, report);
    for (const auto* key : {"script", "before_script", "after_script"}) {
        check_exclusive(value, {std::string_view(key), "run"}, place, report);
    }
    const bool enterprise = context.edition == Edition::kEnterprise;
    check_keys(value, kJobKeys, place, report, enterprise ? kEnterpriseJobKeys : Names());
    const Value* script = value.find("script");
    if (script != nullptr ? script->is_blank() : value.find("run") == nullptr) {
        report.add(place, "script can't be blank",
                   script == nullptr ? value.mark() : script->mark());
    }
    check_when(value, {"on_success", "on_failure", "always", "manual", "delayed"},
               "on_success, on_failure, always, manual, delayed", place, report);
    const Value* dependencies = value.given("dependencies");
    if (dependencies != nullptr && !is_text_list(*dependencies)) {
        report.add(place, "dependencies should be an array of strings", dependencies->mark());
    }
    const Value* allow = value.given("allow_failure");
    if (allow != nullptr && !allow->is_bool() && !allow->is_map()) {
        report.add(place, "allow failure should be a hash or a boolean value", allow->mark());
    }
    const Value* confirmation = value.given("manual_confirmation");
    if (confirmation != nullptr && !confirmation->is_string()) {
        report.add(place, "manual confirmation should be a string", confirmation->mark());
    }
    check_start_in(value, place, report);
    const Value* publish = value.given("publish");
    if (publish != nullptr && !publish->is_blank() && !is_pages_job(name, value)) {
        report.add(place, "publish can only be used within a `pages` job", publish->mark());
    }
}

void check_bridge_own(const Value& name, const Value& value, const Place& place, Report& report) {
    check_common(name, value, place, report);
    check_keys(
        value,
        {"extends", "stage", "only", "except", "rules", "variables", "inherit", "allow_failure",
         "when", "needs", "resource_group", "environment", "interruptible", "trigger", "parallel"},
        place, report);
    check_when(value, {"on_success", "on_failure", "always", "manual"},
               "on_success, on_failure, always, manual", place, report);
    const Value* allow = value.given("allow_failure");
    if (allow != nullptr && !allow->is_bool()) {
        report.add(place, "allow failure should be a boolean value", allow->mark());
    }
}

/// What GitLab derives from a keyword it derives only from one that has no problems.
template <typename Check>
bool is_clean(Check check) {
    Report problems;
    check(problems);
    return problems.count() == 0;
}

/// Checks a job's value of a keyword, or repeats the problems of the default it inherits.
template <typename Check>
void child(const Value& job, std::string_view keyword, const JobContext& context,
           const Place& place, Report& report, Check check) {
    if (const Value* own = job.given(keyword)) {
        check(*own, Place{&place, keyword}, report);
        return;
    }
    if (context.defaults == nullptr) return;
    const auto inherited = context.defaults->problems.find(keyword);
    if (inherited == context.defaults->problems.end() || !inherits_default(job, keyword)) return;
    report.append(inherited->second);
}

void check_shared_children(const Value& value, const JobContext& context, const Place& place,
                           Report& report) {
    child(value, "stage", context, place, report, check_stage);
    child(value, "only", context, place, report, check_policy);
    child(value, "except", context, place, report, check_policy);
    child(value, "rules", context, place, report,
          [](const Value& v, const Place& p, Report& r) { check_rules(v, RuleScope::kJob, p, r); });
    child(value, "variables", context, place, report,
          [](const Value& v, const Place& p, Report& r) {
              check_variables(v, VariableScope::kJob, p, r);
          });
    child(value, "inherit", context, place, report, check_inherit);
    child(value, "environment", context, place, report, check_environment);
    child(value, "interruptible", context, place, report, check_boolean);
}

void check_job_children(const Value& value, const JobContext& context, const Place& place,
                        Report& report) {
    check_shared_children(value, context, place, report);
    child(value, "before_script", context, place, report, check_commands);
    child(value, "script", context, place, report, check_commands);
    child(value, "run", context, place, report, check_run);
    child(value, "after_script", context, place, report, check_commands);
    child(value, "hooks", context, place, report, check_hooks);
    child(value, "cache", context, place, report, check_cache);
    child(value, "image", context, place, report, check_image);
    child(value, "services", context, place, report, check_services);
    child(value, "timeout", context, place, report, check_timeout);
    child(value, "retry", context, place, report,
          [](const Value& v, const Place&, Report& r) { check_retry(v, r); });
    child(value, "tags", context, place, report, check_tags);
    child(value, "artifacts", context, place, report, check_artifacts);
    child(value, "needs", context, place, report, [&](const Value& v, const Place& p, Report& r) {
        check_needs(v, {false, context.edition == Edition::kEnterprise}, p, r);
    });
    child(value, "coverage", context, place, report, check_coverage);
    child(value, "release", context, place, report, check_release);
    child(value, "parallel", context, place, report,
          [](const Value& v, const Place& p, Report& r) { check_parallel(v, false, p, r); });
    child(value, "allow_failure", context, place, report, check_allow_failure);
    child(value, "id_tokens", context, place, report, check_id_tokens);
    child(value, "publish", context, place, report, check_publish);
    child(value, "pages", context, place, report, check_pages);
    child(value, "inputs", context, place, report, check_job_inputs);
    child(value, "secrets", context, place, report, check_secrets);
    child(value, "dast_configuration", context, place, report, check_dast_configuration);
}

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

/// What GitLab checks once the parts are made; it prints these before the parts' own problems.
void check_dependencies(const Value& value, const NeedsContext& context, const Place& place,
                        Report& report) {
    const Value* dependencies = value.given("dependencies");
    const Value* needs = value.given("needs");
    if (dependencies == nullptr || needs == nullptr || dependencies->items().empty()) return;
    if (!is_clean([&](Report& r) { check_needs(*needs, context, place, r); })) return;
    std::vector<std::string> names;
    collect_need_names(*needs, names);
    const bool cross_only = names.empty() && !needs->is_blank();
    if (cross_only) {
        report.add(place, "needs corresponding to dependencies must be from the same pipeline",
                   needs->mark());
        return;
    }
    std::vector<std::string> missing;
    for (const Value& name : dependencies->items()) {
        const std::string& text = name.as_string();
        if (std::find(names.begin(), names.end(), text) == names.end()) missing.push_back(text);
    }
    if (missing.empty()) return;
    report.add(place, "dependencies the " + base::join(missing, ", ") + " should be part of needs",
               dependencies->mark());
}

/// GitLab warns of jobs that run for every kind of pipeline, branch and merge request alike.
void warn_of_two_pipelines(const Value& value, const JobContext& context, const Place& place,
                           Report& report) {
    const Value* rules = value.given("rules");
    if (rules == nullptr || context.workflow_rules) return;
    if (!is_clean([&](Report& r) { check_rules(*rules, RuleScope::kJob, place, r); })) return;
    const auto flat = rules::flatten_rules(*rules);
    if (flat.empty() || !flat.back().is_map()) return;
    const Value& last = flat.back();
    const Value* when = last.given("when");
    const auto given = std::count_if(last.entries().begin(), last.entries().end(),
                                     [](const auto& entry) { return !entry.second.is_null(); });
    if (when == nullptr || when->is_text("never") || given != 1) return;
    report.warn(place,
                "may allow multiple pipelines to run for a single action due to `rules:when` "
                "clause with no `workflow:rules` - read more: "
                "https://docs.gitlab.com/ee/ci/jobs/job_troubleshooting.html#job-may-allow-"
                "multiple-pipelines-to-run-for-a-single-action-warning",
                last.mark());
}

void check_bridge_needs(const Value& value, std::string_view no_trigger, bool enterprise,
                        const Place& place, Report& report) {
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
        report.add(place, no_trigger, value.mark());
    }
    if (mirrored > 1) {
        report.add(place, "config should contain at most one bridge need", needs->mark());
    }
}

void check_bridge(const Value& name, const Value& value, const JobContext& context,
                  const Place& place, Report& report) {
    constexpr std::string_view kNoTrigger =
        "config should contain either a trigger or a needs:pipeline";
    const std::size_t before = report.count();
    check_bridge_own(name, value, place, report);
    if (!report.clean_since(before)) return report.add(place, kNoTrigger, value.mark());
    warn_of_two_pipelines(value, context, place, report);
    check_bridge_needs(value, kNoTrigger, context.edition == Edition::kEnterprise, place, report);
    check_shared_children(value, context, place, report);
    child(value, "trigger", context, place, report, check_trigger);
    child(value, "needs", context, place, report, [&](const Value& v, const Place& p, Report& r) {
        check_needs(v, {true, context.edition == Edition::kEnterprise}, p, r);
    });
    child(value, "parallel", context, place, report,
          [](const Value& v, const Place& p, Report& r) { check_parallel(v, true, p, r); });
}

}  // namespace

bool is_pages_job(const Value& name, const Value& value) {
    const Value* pages = value.find("pages");
    if (pages != nullptr && !pages->is_null()) return !pages->is_bool() || pages->as_bool();
    return name.is_text("pages");
}

bool looks_like_job(const Value& value) {
    if (!value.is_map()) return false;
    for (const auto* key : {"script", "run", "trigger", "needs"}) {
        if (value.find(key) != nullptr) return true;
    }
    return false;
}

JobKind kind_of(const Value& name, const Value& value) {
    if (is_hidden(name)) return JobKind::kHidden;
    if (!value.is_map()) return JobKind::kUnknown;
    if (value.find("script") != nullptr || value.find("run") != nullptr) return JobKind::kJob;
    if (value.find("trigger") != nullptr || value.find("needs") != nullptr) return JobKind::kBridge;
    return JobKind::kUnknown;
}

bool inherits_default(const Value& job, std::string_view keyword) {
    if (!one_of(keyword, kDefaultKeywords)) return false;
    const Value* inherit = job.given("inherit");
    if (inherit == nullptr) return true;
    Report wrong;
    check_inherit_keys(*inherit, Place{}, wrong);
    if (wrong.count() > 0) return false;
    const Value* which = inherit->given("default");
    if (which == nullptr) return true;
    if (which->is_bool()) return which->as_bool();
    return which->is_list() &&
           std::any_of(which->items().begin(), which->items().end(),
                       [&](const Value& name) { return name.is_text(keyword); });
}

void check_job(const Value& name, const Value& value, JobKind kind, const JobContext& context,
               Report& report) {
    const Place jobs{nullptr, "jobs"};
    const std::string text = name.is_blank() ? "job" : name.to_text();
    const Place place{&jobs, text};
    if (kind == JobKind::kHidden) {
        if (value.is_blank()) report.add(place, "config can't be blank", value.mark());
        return;
    }
    if (kind == JobKind::kBridge) return check_bridge(name, value, context, place, report);
    const std::size_t before = report.count();
    check_job_own(name, value, context, place, report);
    if (!report.clean_since(before)) return;
    warn_of_two_pipelines(value, context, place, report);
    const NeedsContext needs{false, context.edition == Edition::kEnterprise};
    check_dependencies(value, needs, place, report);
    if (const Value* inputs = value.given("inputs")) check_input_values(*inputs, place, report);
    check_job_children(value, context, place, report);
}

}  // namespace runner::pipeline::keywords
