#include <algorithm>
#include <set>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kTagLimit = 50;
const Names kRetryReasons = {"always",
                             "unknown_failure",
                             "script_failure",
                             "api_failure",
                             "stuck_or_timeout_failure",
                             "runner_system_failure",
                             "missing_dependency_failure",
                             "runner_unsupported",
                             "stale_schedule",
                             "job_execution_timeout",
                             "archived_failure",
                             "unmet_prerequisites",
                             "scheduler_failure",
                             "data_integrity_failure",
                             "forward_deployment_failure",
                             "user_blocked",
                             "project_deleted",
                             "insufficient_bridge_permissions",
                             "downstream_bridge_project_not_found",
                             "invalid_bridge_trigger",
                             "upstream_bridge_project_not_found",
                             "bridge_pipeline_is_child_pipeline",
                             "downstream_pipeline_creation_failed",
                             "secrets_provider_not_found",
                             "reached_max_descendant_pipelines_depth",
                             "ip_restriction_failure",
                             "reached_max_pipeline_hierarchy_size",
                             "ci_quota_exceeded",
                             "no_matching_runner",
                             "trace_size_exceeded",
                             "builds_disabled",
                             "environment_creation_failure",
                             "deployment_rejected",
                             "protected_environment_failure",
                             "job_token_expired",
                             "pipeline_loop_detected",
                             "failed_outdated_deployment_job",
                             "job_execution_server_timeout",
                             "runner_provisioning_timeout",
                             "duo_workflow_not_allowed",
                             "stuck_pending_with_matching_runners",
                             "stuck_pending_no_matching_runners",
                             "no_updates_running",
                             "no_updates_canceling",
                             "server_timeout_running",
                             "server_timeout_canceling",
                             "runner_configuration_error",
                             "runner_external_dependency_failure",
                             "runner_interrupted"};

}  // namespace

void check_commands(const Value& value, const Place& place, Report& report) {
    if (is_nested_text(value)) return;
    report.add(place, "config should be a string or a nested array of strings up to 10 levels deep",
               mark_of_bad_text(value));
}

void check_stage(const Value& value, const Place& place, Report& report) {
    if (!value.is_string()) report.add(place, "config should be a string", value.mark());
}

void check_stages(const Value& value, const Place& place, Report& report) {
    if (value.is_list() && is_nested_text(value)) return;
    report.add(place,
               "config should be an array of strings or a nested array of strings up to 10 levels "
               "deep",
               mark_of_bad_text(value));
}

void check_boolean(const Value& value, const Place& place, Report& report) {
    if (!value.is_bool()) report.add(place, "config should be a boolean value", value.mark());
}

void check_allow_failure(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return;
    check_keys(value, {"exit_codes"}, place, report);
    const Value* codes = value.given("exit_codes");
    if (codes != nullptr && !is_integer_or_list(*codes)) {
        report.add(place, "exit codes should be an array of integers or an integer", codes->mark());
    }
}

namespace {

void check_retry_count(std::int64_t count, std::string_view attribute, const Place& place,
                       Mark mark, Report& report) {
    const std::string prefix = std::string(attribute) + " must be ";
    if (count < 0) report.add(place, prefix + "greater than or equal to 0", mark);
    if (count > 2) report.add(place, prefix + "less than or equal to 2", mark);
}

void check_retry_max(const Value& max, const Place& place, Report& report) {
    if (max.is_integer()) {
        check_retry_count(max.as_integer(), "max", place, max.mark(), report);
    } else if (max.is_string() && !max.as_string().empty() &&
               max.as_string().find_first_not_of("0123456789") == std::string::npos) {
        check_retry_count(max.as_string().size() > 1 ? 9 : max.as_string()[0] - '0', "max", place,
                          max.mark(), report);
    } else if (max.is_float()) {
        report.add(place, "max must be an integer", max.mark());
    } else {
        report.add(place, "max is not a number", max.mark());
    }
}

void check_retry_when(const Value& when, const Place& place, Report& report) {
    if (when.is_string()) {
        if (!one_of(when.as_string(), kRetryReasons)) {
            report.add(place, "when is not included in the list", when.mark());
        }
        return;
    }
    if (!is_text_list(when)) {
        report.add(place, "when should be an array of strings or a string", when.mark());
        if (!when.is_list()) return;
    }
    std::vector<std::string> unknown;
    for (const Value& reason : when.items()) {
        if (!reason.is_string() || !one_of(reason.as_string(), kRetryReasons)) {
            unknown.push_back(reason.to_text());
        }
    }
    if (unknown.empty()) return;
    report.add(place, "when contains unknown values: " + base::join(unknown, ", "), when.mark());
}

}  // namespace

void check_retry(const Value& value, Report& report) {
    const Place place{nullptr, "retry"};
    if (value.is_integer()) {
        return check_retry_count(value.as_integer(), "config", place, value.mark(), report);
    }
    if (!value.is_map()) {
        report.add(place, "config has to be either an integer or a hash", value.mark());
        return;
    }
    check_keys(value, {"max", "when", "exit_codes"}, place, report);
    if (const Value* when = value.given("when")) check_retry_when(*when, place, report);
    if (const Value* max = value.given("max")) check_retry_max(*max, place, report);
    const Value* codes = value.given("exit_codes");
    if (codes != nullptr && !is_integer_or_list(*codes)) {
        report.add(place, "exit codes should be an array of integers or an integer", codes->mark());
    }
}

void check_timeout(const Value& value, const Place& place, Report& report) {
    const auto duration = value.is_string() ? parse_duration(value.as_string()) : std::nullopt;
    if (!duration) report.add(place, "config should be a duration", value.mark());
    if (!duration || *duration > kOneMonth) {
        report.add(place, "config should not exceed the limit", value.mark());
    }
}

namespace {

/// A tag's text may name several, with commas between them; each counts once.
std::size_t distinct_tags(const Value& tags) {
    std::set<std::string, std::less<>> names;
    for (const Value& tag : tags.items()) {
        for (const auto& name : base::split(tag.to_text(), ',')) {
            if (const auto bare = base::trim(name); !bare.empty()) names.emplace(bare);
        }
    }
    return names.size();
}

}  // namespace

void check_tags(const Value& value, const Place& place, Report& report) {
    if (!is_text_list(value)) {
        report.add(place, "config should be an array of strings", value.mark());
    }
    if (value.is_list() && distinct_tags(value) >= kTagLimit) {
        report.add(place, "config must be less than the limit of 50 tags", value.mark());
    }
}

void check_hooks(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) {
        // GitLab states this rule twice and so prints it twice.
        report.add(place, "config should be a hash", value.mark());
        return report.add(place, "config should be a hash", value.mark());
    }
    const std::size_t before = report.count();
    check_keys(value, {"pre_get_sources_script"}, place, report);
    if (!report.clean_since(before)) return;
    if (const Value* script = value.given("pre_get_sources_script")) {
        check_commands(*script, Place{&place, "pre_get_sources_script"}, report);
    }
}

namespace {

const Names kInheritable = {"after_script", "artifacts", "before_script", "cache", "hooks",
                            "id_tokens",    "image",     "interruptible", "retry", "services",
                            "tags",         "timeout",   "identity"};

void check_names(const Value& value, const Place& place, Report& report) {
    if (!value.is_bool() && !value.is_list()) {
        report.add(place, "should be a bool or array of strings", value.mark());
    } else if (value.is_list() && !is_text_list(value)) {
        report.add(place, "config should be an array of strings", value.mark());
    }
}

}  // namespace

void check_inherit_keys(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    check_keys(value, {"default", "variables"}, place, report);
}

void check_inherit(const Value& value, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_inherit_keys(value, place, report);
    if (!report.clean_since(before)) return;
    if (const Value* defaults = value.given("default")) {
        const Place inner{&place, "default"};
        check_names(*defaults, inner, report);
        if (defaults->is_list()) {
            std::vector<std::string> unknown;
            for (const Value& name : defaults->items()) {
                const std::string text = name.to_text();
                if (!name.is_string() || !one_of(text, kInheritable)) unknown.push_back(text);
            }
            if (!unknown.empty()) {
                report.add(inner, "config contains unknown values: " + base::join(unknown, ", "),
                           defaults->mark());
            }
        }
    }
    if (const Value* variables = value.given("variables")) {
        check_names(*variables, Place{&place, "variables"}, report);
    }
}

void check_publish(const Value& value, const Place& place, Report& report) {
    if (!value.is_string()) report.add(place, "config should be a string", value.mark());
}

void check_coverage(const Value& value, const Place& place, Report& report) {
    if (value.is_string() && is_literal_regex(value.as_string())) return;
    report.add(place, "config must be a regular expression with re2 syntax", value.mark());
}

void check_id_tokens(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    for (const auto& [key, token] : value.entries()) {
        const std::string name = key.to_text();
        const Place inner{&place, name};
        check_required(token, {"aud"}, inner, report);
        check_keys(token, {"aud"}, inner, report);
        const Value* aud = token.find("aud");
        if (aud == nullptr || !is_text_or_list(*aud)) {
            report.add(inner, "aud should be an array of strings or a string", token.mark());
        }
    }
}

}  // namespace runner::pipeline::keywords
