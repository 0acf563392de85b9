#include <cstdint>
#include <string>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

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

void check_exit_codes(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* codes = value.given("exit_codes");
    if (codes != nullptr && !is_integer_or_list(*codes)) {
        report.add(key_path, "exit codes should be an array of integers or an integer",
                   codes->mark());
    }
}

void check_retry_count(std::int64_t count, std::string_view attribute, const KeyPath& key_path,
                       Mark mark, Report& report) {
    const std::string prefix = std::string(attribute) + " must be ";
    if (count < 0) report.add(key_path, prefix + "greater than or equal to 0", mark);
    if (count > 2) report.add(key_path, prefix + "less than or equal to 2", mark);
}

void check_retry_max(const Value& max, const KeyPath& key_path, Report& report) {
    if (max.is_integer()) {
        check_retry_count(max.as_integer(), "max", key_path, max.mark(), report);
    } else if (max.is_string() && !max.as_string().empty() &&
               max.as_string().find_first_not_of("0123456789") == std::string::npos) {
        check_retry_count(max.as_string().size() > 1 ? 9 : max.as_string()[0] - '0', "max",
                          key_path, max.mark(), report);
    } else if (max.is_float()) {
        report.add(key_path, "max must be an integer", max.mark());
    } else {
        report.add(key_path, "max is not a number", max.mark());
    }
}

void check_retry_when(const Value& when, const KeyPath& key_path, Report& report) {
    if (when.is_string()) {
        if (!one_of(when.as_string(), kRetryReasons)) {
            report.add(key_path, "when is not included in the list", when.mark());
        }
        return;
    }
    if (!is_text_list(when)) {
        report.add(key_path, "when should be an array of strings or a string", when.mark());
        if (!when.is_list()) return;
    }
    check_known_items(when, kRetryReasons, "when", key_path, report);
}

}  // namespace

void check_allow_failure(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return;
    check_keys(value, {"exit_codes"}, key_path, report);
    check_exit_codes(value, key_path, report);
}

void check_retry(const Value& value, Report& report) {
    const KeyPath key_path{nullptr, "retry"};
    if (value.is_integer()) {
        return check_retry_count(value.as_integer(), "config", key_path, value.mark(), report);
    }
    if (!value.is_map()) {
        report.add(key_path, "config has to be either an integer or a hash", value.mark());
        return;
    }
    check_keys(value, {"max", "when", "exit_codes"}, key_path, report);
    if (const Value* when = value.given("when")) check_retry_when(*when, key_path, report);
    if (const Value* max = value.given("max")) check_retry_max(*max, key_path, report);
    check_exit_codes(value, key_path, report);
}

}  // namespace runner::pipeline::keywords
