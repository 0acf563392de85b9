#include "runner/config/setters.hpp"

namespace runner::config::schema {

namespace {

using R = RunnerConfig;
using Q = QueuingDuration;

void output_limit(Config& config, const Value& value) {
    config.runners.back().output_limit_bytes = std::get<std::int64_t>(value) * 1024;
}

constexpr Key kRunner[] = {
    key("name", Type::kString, "the host's name", runner<&R::name>, "name of the entry, for people")
        .with_flag("name,description", ""),
    key("limit", Type::kInt, "0", runner<&R::limit>,
        "how many jobs of this entry run at once; 0: no limit"),
    key("output_limit", Type::kInt64, "4096", output_limit, "longest job log in KiB"),
    key("request_concurrency", Type::kInt, "1", runner<&R::request_concurrency>,
        "how many requests for a job may wait at GitLab at once"),
    key("strict_check_interval", Type::kBool, "false", runner<&R::strict_check_interval>,
        "do not ask again at once after a job was received"),
    key("unhealthy_requests_limit", Type::kInt, "3", runner<&R::unhealthy_requests_limit>,
        "failed requests in a row after which the entry pauses"),
    key("unhealthy_interval", Type::kDuration, "60m0s", runner<&R::unhealthy_interval>,
        "how long it pauses then")
        .with_flag("", "-"),
    key("job_status_final_update_retry_limit", Type::kInt, "10",
        runner<&R::job_status_final_update_retry_limit>, "tries to report a job's end")
        .with_flag("", "-"),
    key("url", Type::kString, "", runner<&R::url>, "address of GitLab; $VAR is expanded")
        .with_flag("url,u", "CI_SERVER_URL"),
    key("id", Type::kInt64, "0", runner<&R::id>,
        "number of the runner at GitLab, written by register")
        .with_flag("-", "-"),
    key("token", Type::kString, "", runner<&R::token>, "authentication token; $VAR is expanded")
        .with_flag("token,t", "CI_SERVER_TOKEN"),
    key("token_file", Type::kString, "", runner<&R::token_file>,
        "file with the authentication token, in place of token; $VAR is expanded")
        .with_flag("-", "-"),
    key("token_obtained_at", Type::kDatetime, "", runner<&R::token_obtained_at>,
        "written by register and reset-token")
        .with_flag("-", "-"),
    key("token_expires_at", Type::kDatetime, "0001-01-01T00:00:00Z", runner<&R::token_expires_at>,
        "the same; year 1 means never")
        .with_flag("-", "-"),
    key("tls-ca-file", Type::kString, "<directory of config.toml>/certs/<host>.crt",
        runner<&R::tls_ca_file>, "certificates to trust besides the system's")
        .with_flag("", "CI_SERVER_TLS_CA_FILE"),
    key("tls-cert-file", Type::kString, "<directory of config.toml>/certs/<host>.auth.crt",
        runner<&R::tls_cert_file>, "client certificate")
        .with_flag("", "CI_SERVER_TLS_CERT_FILE"),
    key("tls-key-file", Type::kString, "<directory of config.toml>/certs/<host>.auth.key",
        runner<&R::tls_key_file>, "key of the client certificate")
        .with_flag("", "CI_SERVER_TLS_KEY_FILE"),
    key("labels", Type::kStringMap, "", runner<&R::labels>,
        "labels told to GitLab, over the global ones")
        .with_flag("-", "-"),
    key("executor", Type::kString, "", runner<&R::executor>,
        "where jobs run: docker, shell or custom"),
    key("builds_dir", Type::kString, "/builds (docker), <working directory>/builds (shell)",
        runner<&R::builds_dir>, "where projects are checked out"),
    key("cache_dir", Type::kString, "/cache (docker), <working directory>/cache (shell)",
        runner<&R::cache_dir>,
        "where the caches of jobs lie; for docker a path in the container, which needs a volume"),
    key("clone_url", Type::kString, "", runner<&R::clone_url>,
        "replaces scheme and host of the clone address")
        .with_flag("", "CLONE_URL"),
    key("environment", Type::kStrings, "", runner<&R::environment>,
        "KEY=VALUE for every job; the job wins")
        .with_flag("env", "RUNNER_ENV"),
    ignored("proxy_exec", Type::kBool, "false", "it is an experiment of the official runner"),
    key("pre_get_sources_script", Type::kString, "", runner<&R::pre_get_sources_script>,
        "runs before the sources are fetched"),
    key("post_get_sources_script", Type::kString, "", runner<&R::post_get_sources_script>,
        "runs after the sources were fetched"),
    key("pre_build_script", Type::kString, "", runner<&R::pre_build_script>,
        "runs before the job's script, in the same shell"),
    key("post_build_script", Type::kString, "", runner<&R::post_build_script>,
        "runs after the job's script, in the same shell"),
    Key{"pre_clone_script", Type::kString, "", nullptr,
        "it was removed in release 16: use pre_get_sources_script", "", "-", "-"},
    Key{"post_clone_script", Type::kString, "", nullptr,
        "it was removed in release 16: use post_get_sources_script", "", "-", "-"},
    key("prepare_timeout", Type::kDuration, "the job's", runner<&R::prepare_timeout>,
        "longest time for making a job's environment"),
    key("get_sources_timeout", Type::kDuration, "the job's", runner<&R::get_sources_timeout>,
        "longest time for fetching the sources"),
    key("debug_trace_disabled", Type::kBool, "false", runner<&R::debug_trace_disabled>,
        "ignore CI_DEBUG_TRACE"),
    key("safe_directory_checkout", Type::kBool, "", runner<&R::safe_directory_checkout>,
        "tell git that the checkout is safe"),
    key("clean_git_config", Type::kBool, "true", runner<&R::clean_git_config>,
        "remove git configuration and hooks that a job left behind"),
    key("shell", Type::kString, "bash where there is one, else sh", runner<&R::shell>,
        "bash or sh"),
    ignored("step_runner_image", Type::kString, "", "this runner runs no CI steps")
        .with_flag("", "STEP_RUNNER_IMAGE"),
    ignored("use_slot_cgroups", Type::kBool, "false", "this runner makes no cgroups per slot"),
    ignored("slot_cgroup_template", Type::kString, "gitlab-runner/slot-${slot}",
            "this runner makes no cgroups per slot"),
    key("feature_flags", Type::kBoolMap, "", runner<&R::feature_flags>,
        "FF_…: stronger than the job's own")
        .with_flag("feature-flags", "FEATURE_FLAGS"),
};

constexpr Key kCustomBuildDir[] = {
    key("enabled", Type::kBool, "true for docker, false for shell and custom",
        runner<&R::custom_build_dir_enabled>, "jobs may choose GIT_CLONE_PATH")
        .with_flag("custom_build_dir-enabled", "CUSTOM_BUILD_DIR_ENABLED"),
};

constexpr Key kArtifact[] = {
    key("upload_timeout", Type::kDuration, "1h0m0s", runner<&R::artifact_upload_timeout>,
        "longest time for sending one archive, further tries included"),
    ignored("response_header_timeout", Type::kDuration, "10m0s",
            "upload_timeout counts for the answer, too"),
};

constexpr Key kQueuingDurations[] = {
    key("periods", Type::kStrings, "", queuing<&Q::periods>,
        "times at which the entry counts, as cron writes them: \"* * 9-17 * * Mon-Fri *\""),
    key("timezone", Type::kString, "UTC", queuing<&Q::timezone>,
        "time zone of periods: \"Local\", or a name as \"Europe/Berlin\""),
    key("threshold", Type::kDuration, "", queuing<&Q::threshold>,
        "jobs that waited longer are counted in "
        "gitlab_runner_acceptable_job_queuing_duration_exceeded_total"),
    key("jobs_running_for_project", Type::kString, "", queuing<&Q::jobs_running_for_project>,
        "regular expression on the number of the project's running jobs; \"\": all"),
};

constexpr Key kReferees[] = {ignored("metrics", Type::kAny)};
constexpr Key kBootVerify[] = {
    ignored("enabled", Type::kBool, "false"),
    ignored("timeout", Type::kDuration, "5m"),
    ignored("acquire_min_backoff", Type::kDuration, "1s"),
    ignored("acquire_max_backoff", Type::kDuration, "10s"),
};

constexpr Section kRunnerSections[] = {
    {"runners", kRunner, true, "", "", "RUNNER_"},
    {"runners.custom_build_dir", kCustomBuildDir, false, "", "", ""},
    {"runners.artifact", kArtifact, false, "", "-", "-"},
    {"runners.monitoring", {}, false, "", "-", "-"},
    {"runners.monitoring.job_queuing_durations", kQueuingDurations, true, "", "-", "-"},
    {"runners.referees", kReferees, false, "this runner has no referees", "-", "-"},
    {"runners.experimental", {}, false, "", "-", "-"},
    {"runners.experimental.boot_verify", kBootVerify, false, "this runner runs no job at its start",
     "-", "-"},
};

}  // namespace

std::span<const Section> runner_sections() { return kRunnerSections; }

}  // namespace runner::config::schema
