#include "runner/config/setters.hpp"

// Official executors that this runner does not have: their keys are known, so that a file shared with the
// official runner loads, and so that a slip of the pen in them is still found.
namespace runner::config::schema {

namespace {

constexpr Key kSsh[] = {
    idle("user", Type::kString),
    idle("password", Type::kString),
    idle("host", Type::kString),
    idle("port", Type::kString, "22"),
    idle("identity_file", Type::kString),
    idle("disable_strict_host_key_checking", Type::kBool, "false"),
    idle("known_hosts_file", Type::kString),
};

constexpr Key kCustom[] = {
    idle("config_exec", Type::kString),
    idle("config_args", Type::kStrings),
    idle("config_exec_timeout", Type::kInt, "3600"),
    idle("prepare_exec", Type::kString),
    idle("prepare_args", Type::kStrings),
    idle("prepare_exec_timeout", Type::kInt, "3600"),
    idle("run_exec", Type::kString),
    idle("run_args", Type::kStrings),
    idle("cleanup_exec", Type::kString),
    idle("cleanup_args", Type::kStrings),
    idle("cleanup_exec_timeout", Type::kInt, "3600"),
    idle("graceful_kill_timeout", Type::kInt, "600"),
    idle("force_kill_timeout", Type::kInt, "600"),
};

constexpr Key kInstance[] = {
    idle("allowed_images", Type::kStrings),
    idle("use_common_build_dir", Type::kBool, "false"),
};

constexpr Key kParallels[] = {
    idle("base_name", Type::kString),          idle("template_name", Type::kString),
    idle("disable_snapshots", Type::kBool),    idle("time_server", Type::kString, "time.apple.com"),
    idle("allowed_images", Type::kStrings),
};

constexpr Key kVirtualbox[] = {
    idle("base_name", Type::kString),       idle("base_snapshot", Type::kString),
    idle("base_folder", Type::kString),     idle("disable_snapshots", Type::kBool),
    idle("allowed_images", Type::kStrings), idle("start_type", Type::kString),
};

constexpr Key kMachine[] = {
    idle("MaxGrowthRate", Type::kInt, "0"),
    idle("IdleCount", Type::kInt),
    idle("IdleScaleFactor", Type::kFloat, "0.0"),
    idle("IdleCountMin", Type::kInt, "1"),
    idle("IdleTime", Type::kInt),
    idle("MaxBuilds", Type::kInt),
    idle("MaxRemovalAttempts", Type::kInt, "30"),
    idle("MachineDriver", Type::kString),
    idle("MachineName", Type::kString),
    idle("MachineOptions", Type::kStrings),
    idle("MachineOptionsWithName", Type::kStrings),
    idle("autoscaling", Type::kAny),
    idle("OffPeakPeriods", Type::kAny),
    idle("OffPeakTimezone", Type::kAny),
    idle("OffPeakIdleCount", Type::kAny),
    idle("OffPeakIdleTime", Type::kAny),
};

constexpr Key kAutoscaler[] = {
    idle("plugin", Type::kString),
    idle("capacity_per_instance", Type::kInt),
    idle("max_use_count", Type::kInt),
    idle("max_instances", Type::kInt, "0"),
    idle("instance_ready_command", Type::kString),
    idle("instance_acquire_timeout", Type::kDuration, "15m"),
    idle("update_interval", Type::kDuration, "1m"),
    idle("update_interval_when_expecting", Type::kDuration, "2s"),
    idle("deletion_retry_interval", Type::kDuration, "1m"),
    idle("shutdown_deletion_interval", Type::kDuration, "10s"),
    idle("shutdown_deletion_retries", Type::kInt, "3"),
    idle("failure_threshold", Type::kInt, "3"),
    idle("delete_instances_on_shutdown", Type::kBool),
    idle("reservation_throttling", Type::kBool),
    idle("log_internal_ip", Type::kBool),
    idle("log_external_ip", Type::kBool),
    idle("plugin_config", Type::kAny),
    idle("connector_config", Type::kAny),
    idle("policy", Type::kAny),
    idle("scale_throttle", Type::kAny),
    idle("state_storage", Type::kAny),
    idle("vm_isolation", Type::kAny),
    idle("instance_operation_time_buckets", Type::kAny),
    idle("instance_creation_time_buckets", Type::kAny),
    idle("instance_is_running_time_buckets", Type::kAny),
    idle("instance_deletion_time_buckets", Type::kAny),
    idle("instance_readiness_time_buckets", Type::kAny),
    idle("instance_life_duration_buckets", Type::kAny),
};

constexpr Key kKubernetes[] = {
    // Connection and placement.
    idle("host", Type::kString), idle("context", Type::kString), idle("cert_file", Type::kString),
    idle("key_file", Type::kString), idle("ca_file", Type::kString), idle("bearer_token", Type::kString),
    idle("bearer_token_overwrite_allowed", Type::kBool), idle("namespace", Type::kString),
    idle("namespace_overwrite_allowed", Type::kString), idle("namespace_per_job", Type::kBool),
    idle("node_selector", Type::kStringMap), idle("node_selector_overwrite_allowed", Type::kString),
    idle("node_tolerations", Type::kStringMap), idle("affinity", Type::kAny),
    idle("scheduler_name", Type::kString), idle("priority_class_name", Type::kString),
    idle("runtime_class_name", Type::kString),
    // Images.
    idle("image", Type::kString), idle("helper_image", Type::kString),
    idle("helper_image_flavor", Type::kString), idle("helper_image_autoset_arch_and_os", Type::kBool),
    idle("pull_policy", Type::kStringOrStrings), idle("allowed_pull_policies", Type::kStrings),
    idle("allowed_images", Type::kStrings), idle("allowed_services", Type::kStrings),
    idle("allowed_users", Type::kStrings), idle("allowed_groups", Type::kStrings),
    idle("image_pull_secrets", Type::kStrings), idle("use_service_account_image_pull_secrets", Type::kBool),
    // Resources.
    idle("cpu_limit", Type::kString), idle("cpu_limit_overwrite_max_allowed", Type::kString),
    idle("cpu_request", Type::kString), idle("cpu_request_overwrite_max_allowed", Type::kString),
    idle("memory_limit", Type::kString), idle("memory_limit_overwrite_max_allowed", Type::kString),
    idle("memory_request", Type::kString), idle("memory_request_overwrite_max_allowed", Type::kString),
    idle("ephemeral_storage_limit", Type::kString),
    idle("ephemeral_storage_limit_overwrite_max_allowed", Type::kString),
    idle("ephemeral_storage_request", Type::kString),
    idle("ephemeral_storage_request_overwrite_max_allowed", Type::kString),
    idle("service_cpu_limit", Type::kString), idle("service_cpu_limit_overwrite_max_allowed", Type::kString),
    idle("service_cpu_request", Type::kString), idle("service_cpu_request_overwrite_max_allowed", Type::kString),
    idle("service_memory_limit", Type::kString), idle("service_memory_limit_overwrite_max_allowed", Type::kString),
    idle("service_memory_request", Type::kString),
    idle("service_memory_request_overwrite_max_allowed", Type::kString),
    idle("service_ephemeral_storage_limit", Type::kString),
    idle("service_ephemeral_storage_limit_overwrite_max_allowed", Type::kString),
    idle("service_ephemeral_storage_request", Type::kString),
    idle("service_ephemeral_storage_request_overwrite_max_allowed", Type::kString),
    idle("helper_cpu_limit", Type::kString), idle("helper_cpu_limit_overwrite_max_allowed", Type::kString),
    idle("helper_cpu_request", Type::kString), idle("helper_cpu_request_overwrite_max_allowed", Type::kString),
    idle("helper_memory_limit", Type::kString), idle("helper_memory_limit_overwrite_max_allowed", Type::kString),
    idle("helper_memory_request", Type::kString),
    idle("helper_memory_request_overwrite_max_allowed", Type::kString),
    idle("helper_ephemeral_storage_limit", Type::kString),
    idle("helper_ephemeral_storage_limit_overwrite_max_allowed", Type::kString),
    idle("helper_ephemeral_storage_request", Type::kString),
    idle("helper_ephemeral_storage_request_overwrite_max_allowed", Type::kString),
    idle("pod_cpu_limit", Type::kString), idle("pod_cpu_limit_overwrite_max_allowed", Type::kString),
    idle("pod_cpu_request", Type::kString), idle("pod_cpu_request_overwrite_max_allowed", Type::kString),
    idle("pod_memory_limit", Type::kString), idle("pod_memory_limit_overwrite_max_allowed", Type::kString),
    idle("pod_memory_request", Type::kString), idle("pod_memory_request_overwrite_max_allowed", Type::kString),
    // The pod.
    idle("privileged", Type::kBool), idle("allow_privilege_escalation", Type::kBool),
    idle("service_account", Type::kString), idle("service_account_overwrite_allowed", Type::kString),
    idle("automount_service_account_token", Type::kBool), idle("pod_labels", Type::kStringMap),
    idle("pod_labels_overwrite_allowed", Type::kString), idle("pod_annotations", Type::kStringMap),
    idle("pod_annotations_overwrite_allowed", Type::kString), idle("pod_security_context", Type::kAny),
    idle("init_permissions_container_security_context", Type::kAny),
    idle("build_container_security_context", Type::kAny), idle("helper_container_security_context", Type::kAny),
    idle("service_container_security_context", Type::kAny), idle("cap_add", Type::kStrings),
    idle("cap_drop", Type::kStrings), idle("dns_policy", Type::kString), idle("dns_config", Type::kAny),
    idle("host_aliases", Type::kAny), idle("services", Type::kAny), idle("volumes", Type::kAny),
    idle("container_lifecycle", Type::kAny), idle("pod_spec", Type::kAny),
    idle("logs_base_dir", Type::kString), idle("scripts_base_dir", Type::kString),
    idle("print_pod_warning_events", Type::kBool), idle("pod_disruption_budget", Type::kAny),
    idle("suspend_pvc_size", Type::kString), idle("suspend_pvc_storage_class", Type::kString),
    idle("autoscaler", Type::kAny),
    // Times.
    idle("poll_interval", Type::kInt, "3"), idle("poll_timeout", Type::kInt, "180"),
    idle("pod_termination_grace_period_seconds", Type::kInt),
    idle("cleanup_grace_period_seconds", Type::kInt),
    idle("cleanup_resources_timeout", Type::kDuration, "5m"),
    idle("resource_availability_check_max_attempts", Type::kInt, "5"),
    idle("retry_limit", Type::kInt, "5"), idle("retry_backoff_max", Type::kInt, "2000"),
    idle("retry_limits", Type::kAny),
};

constexpr Section kSections[] = {
    {"runners.ssh", kSsh, false, "this runner has no ssh executor", "ssh-", "SSH_"},
    {"runners.custom", kCustom, false, "this runner has no custom executor", "custom-", "CUSTOM_"},
    {"runners.instance", kInstance, false, "this runner has no instance executor", "instance-", "INSTANCE_"},
    {"runners.parallels", kParallels, false, "this runner has no parallels executor", "parallels-",
     "PARALLELS_"},
    {"runners.virtualbox", kVirtualbox, false, "this runner has no virtualbox executor", "virtualbox-",
     "VIRTUALBOX_"},
    {"runners.machine", kMachine, false, "this runner has no docker+machine executor", "machine-", "MACHINE_"},
    {"runners.autoscaler", kAutoscaler, false, "this runner has no autoscaling executors", "-", "-"},
    {"runners.kubernetes", kKubernetes, false, "this runner has no kubernetes executor yet", "kubernetes-",
     "KUBERNETES_"},
};

}  // namespace

std::span<const Section> other_executor_sections() { return kSections; }

}  // namespace runner::config::schema
