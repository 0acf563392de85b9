#include "runner/config/known_feature_flags.hpp"

#include <algorithm>
#include <iterator>

namespace runner::config {

namespace {

constexpr KnownFeatureFlag kFlags[] = {
    {"FF_NETWORK_PER_BUILD", false},
    {"FF_USE_LEGACY_KUBERNETES_EXECUTION_STRATEGY", false,
     "this runner has no kubernetes executor"},
    {"FF_USE_DIRECT_DOWNLOAD", true},
    {"FF_USE_FASTZIP", true, "there is one writer of archives, faster than that one"},
    {"FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR", false},
    {"FF_ENABLE_BASH_EXIT_CODE_CHECK", false},
    {"FF_USE_WINDOWS_LEGACY_PROCESS_STRATEGY", false, "this runner runs on Linux only"},
    {"FF_USE_LEGACY_BASH_EVAL", false, "scripts are given to the shell as they are"},
    {"FF_USE_POWERSHELL_PATH_RESOLVER", false, "this runner runs on Linux only"},
    {"FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL", false},
    {"FF_SCRIPT_SECTIONS", false},
    {"FF_ENABLE_JOB_CLEANUP", false},
    {"FF_KUBERNETES_HONOR_ENTRYPOINT", false, "this runner has no kubernetes executor"},
    {"FF_POSIXLY_CORRECT_ESCAPES", false, "every value is quoted"},
    {"FF_RESOLVE_FULL_TLS_CHAIN", false, "scripts always get the chain with its root"},
    {"FF_DISABLE_POWERSHELL_STDIN", false, "this runner runs on Linux only"},
    {"FF_USE_POD_ACTIVE_DEADLINE_SECONDS", true, "this runner has no kubernetes executor"},
    {"FF_USE_ADVANCED_POD_SPEC_CONFIGURATION", false, "this runner has no kubernetes executor"},
    {"FF_SECRET_RESOLVING_FAILS_IF_MISSING", true},
    {"FF_PRINT_POD_EVENTS", false, "this runner has no kubernetes executor"},
    {"FF_USE_GIT_BUNDLE_URIS", true},
    {"FF_USE_GIT_NATIVE_CLONE", false},
    {"FF_USE_DUMB_INIT_WITH_KUBERNETES_EXECUTOR", false, "this runner has no kubernetes executor"},
    {"FF_USE_INIT_WITH_DOCKER_EXECUTOR", false},
    {"FF_LOG_IMAGES_CONFIGURED_FOR_JOB", false},
    {"FF_USE_DOCKER_AUTOSCALER_DIAL_STDIO", true, "this runner does not scale machines"},
    {"FF_CLEAN_UP_FAILED_CACHE_EXTRACT", false,
     "a cache that cannot be unpacked leaves what was unpacked"},
    {"FF_USE_WINDOWS_JOB_OBJECT", false, "this runner runs on Linux only"},
    {"FF_TIMESTAMPS", true},
    {"FF_DISABLE_AUTOMATIC_TOKEN_ROTATION", false},
    {"FF_USE_LEGACY_GCS_CACHE_ADAPTER", false, "there is one adapter for Google Cloud Storage"},
    {"FF_DISABLE_UMASK_FOR_KUBERNETES_EXECUTOR", false, "this runner has no kubernetes executor"},
    {"FF_USE_LEGACY_S3_CACHE_ADAPTER", false, "there is one adapter for S3"},
    {"FF_GIT_URLS_WITHOUT_TOKENS", false},
    {"FF_WAIT_FOR_POD_TO_BE_REACHABLE", false, "this runner has no kubernetes executor"},
    {"FF_MASK_ALL_DEFAULT_TOKENS", true},
    {"FF_EXPORT_HIGH_CARDINALITY_METRICS", false},
    {"FF_USE_FLEETING_ACQUIRE_HEARTBEATS", false, "this runner does not scale machines"},
    {"FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY", true},
    {"FF_USE_ADAPTIVE_REQUEST_CONCURRENCY", true},
    {"FF_USE_GITALY_CORRELATION_ID", true},
    {"FF_USE_GIT_PROACTIVE_AUTH", false},
    {"FF_HASH_CACHE_KEYS", false},
    {"FF_ENABLE_JOB_INPUTS_INTERPOLATION", true},
    {"FF_USE_JOB_ROUTER", false, "GitLab is asked directly"},
    {"FF_SCRIPT_TO_STEP_MIGRATION", false, "this runner has no step-runner"},
    {"FF_USE_PARALLEL_CACHE_TRANSFER", false, "large caches are always sent in parts"},
    {"FF_USE_PARALLEL_ARTIFACT_TRANSFER", false, "artifacts come in one stream"},
    {"FF_CONCRETE", false, "this runner has no step-runner"},
    {"FF_SUSPENDABLE_ENVIRONMENTS", false, "no environment is kept for a later job"},
    {"FF_USE_NATIVE_CONTAINER_STOP", false, "the supervisor in the container ends the processes"},
};

}  // namespace

std::span<const KnownFeatureFlag> known_feature_flags() { return kFlags; }

const KnownFeatureFlag* find_feature_flag(std::string_view name) {
    const auto found = std::find_if(std::begin(kFlags), std::end(kFlags),
                                    [name](const auto& flag) { return flag.name == name; });
    return found == std::end(kFlags) ? nullptr : found;
}

}  // namespace runner::config
