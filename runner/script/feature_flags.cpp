#include "runner/script/feature_flags.hpp"

#include <fmt/format.h>

#include "base/parse.hpp"
#include "base/strings.hpp"

namespace runner::script {

namespace {

using Values = std::map<std::string, std::string, std::less<>>;

/// Values of flags in the variables of configuration and payload; the payload wins.
Values values_in_variables(const protocol::gitlab::JobPayload& payload,
                           const config::RunnerConfig& runner) {
    Values values;
    for (const std::string& entry : runner.environment) {
        const auto at = entry.find('=');
        if (at != std::string::npos && is_feature_flag(entry)) {
            values[entry.substr(0, at)] = entry.substr(at + 1);
        }
    }
    for (const auto& variable : payload.variables) {
        if (is_feature_flag(variable.key)) values[variable.key] = variable.value;
    }
    return values;
}

}  // namespace

bool is_feature_flag(std::string_view variable) { return variable.starts_with("FF_"); }

FeatureFlags::FeatureFlags(const protocol::gitlab::JobPayload& payload,
                           const config::RunnerConfig& runner) {
    const Values asked = values_in_variables(payload, runner);
    for (const KnownFeatureFlag& flag : known_feature_flags()) {
        const std::string name(flag.name);
        bool value = flag.by_default;
        if (const auto entry = asked.find(name); entry != asked.end()) {
            const auto parsed = base::parse_bool(entry->second);
            if (!parsed && !entry->second.empty()) {
                warnings_.push_back(
                    fmt::format("{}: expected bool got \"{}\", using default value: {}", name,
                                entry->second, value));
            }
            value = parsed.value_or(value);
        }
        const auto configured = runner.feature_flags.find(name);
        values_[name] = configured == runner.feature_flags.end() ? value : configured->second;
    }
}

bool FeatureFlags::enabled(std::string_view name) const {
    const auto entry = values_.find(name);
    return entry != values_.end() && entry->second;
}

std::string FeatureFlags::changed() const {
    std::vector<std::string> changed;
    for (const KnownFeatureFlag& flag : known_feature_flags()) {
        const bool value = enabled(flag.name);
        if (value != flag.by_default) changed.push_back(fmt::format("{}:{}", flag.name, value));
    }
    return base::join(changed, ", ");
}

const std::vector<KnownFeatureFlag>& known_feature_flags() {
    static const std::vector<KnownFeatureFlag> flags{
        {"FF_NETWORK_PER_BUILD", false},
        {"FF_USE_LEGACY_KUBERNETES_EXECUTION_STRATEGY", false},
        {"FF_USE_DIRECT_DOWNLOAD", true},
        {"FF_USE_FASTZIP", true},
        {"FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR", false},
        {"FF_ENABLE_BASH_EXIT_CODE_CHECK", false},
        {"FF_USE_WINDOWS_LEGACY_PROCESS_STRATEGY", false},
        {"FF_USE_LEGACY_BASH_EVAL", false},
        {"FF_USE_POWERSHELL_PATH_RESOLVER", false},
        {"FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL", false},
        {"FF_SCRIPT_SECTIONS", false},
        {"FF_ENABLE_JOB_CLEANUP", false},
        {"FF_KUBERNETES_HONOR_ENTRYPOINT", false},
        {"FF_POSIXLY_CORRECT_ESCAPES", false},
        {"FF_RESOLVE_FULL_TLS_CHAIN", false},
        {"FF_DISABLE_POWERSHELL_STDIN", false},
        {"FF_USE_POD_ACTIVE_DEADLINE_SECONDS", true},
        {"FF_USE_ADVANCED_POD_SPEC_CONFIGURATION", false},
        {"FF_SECRET_RESOLVING_FAILS_IF_MISSING", true},
        {"FF_PRINT_POD_EVENTS", false},
        {"FF_USE_GIT_BUNDLE_URIS", true},
        {"FF_USE_GIT_NATIVE_CLONE", false},
        {"FF_USE_DUMB_INIT_WITH_KUBERNETES_EXECUTOR", false},
        {"FF_USE_INIT_WITH_DOCKER_EXECUTOR", false},
        {"FF_LOG_IMAGES_CONFIGURED_FOR_JOB", false},
        {"FF_USE_DOCKER_AUTOSCALER_DIAL_STDIO", true},
        {"FF_CLEAN_UP_FAILED_CACHE_EXTRACT", false},
        {"FF_USE_WINDOWS_JOB_OBJECT", false},
        {"FF_TIMESTAMPS", true},
        {"FF_DISABLE_AUTOMATIC_TOKEN_ROTATION", false},
        {"FF_USE_LEGACY_GCS_CACHE_ADAPTER", false},
        {"FF_DISABLE_UMASK_FOR_KUBERNETES_EXECUTOR", false},
        {"FF_USE_LEGACY_S3_CACHE_ADAPTER", false},
        {"FF_GIT_URLS_WITHOUT_TOKENS", false},
        {"FF_WAIT_FOR_POD_TO_BE_REACHABLE", false},
        {"FF_MASK_ALL_DEFAULT_TOKENS", true},
        {"FF_EXPORT_HIGH_CARDINALITY_METRICS", false},
        {"FF_USE_FLEETING_ACQUIRE_HEARTBEATS", false},
        {"FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY", true},
        {"FF_USE_ADAPTIVE_REQUEST_CONCURRENCY", true},
        {"FF_USE_GITALY_CORRELATION_ID", true},
        {"FF_USE_GIT_PROACTIVE_AUTH", false},
        {"FF_HASH_CACHE_KEYS", false},
        {"FF_ENABLE_JOB_INPUTS_INTERPOLATION", true},
        {"FF_USE_JOB_ROUTER", false},
        {"FF_SCRIPT_TO_STEP_MIGRATION", false},
        {"FF_USE_PARALLEL_CACHE_TRANSFER", false},
        {"FF_USE_PARALLEL_ARTIFACT_TRANSFER", false},
        {"FF_CONCRETE", false},
        {"FF_SUSPENDABLE_ENVIRONMENTS", false},
        {"FF_USE_NATIVE_CONTAINER_STOP", false},
    };
    return flags;
}

}  // namespace runner::script
