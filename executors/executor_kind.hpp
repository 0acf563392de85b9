#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace executors {

/// The executors that this program has. What differs between them for a job is asked of
/// traits_of() and of the Executor itself, never by comparing names.
enum class ExecutorKind { kDocker, kShell, kCustom };

struct ExecutorTraits {
    ExecutorKind kind = ExecutorKind::kDocker;
    std::string_view name;  ///< as config.toml has it
    /// Scripts run on the runner's machine, which outlives the job and has other jobs beside it.
    bool shared_host = false;
    /// What GitLab and the job are told: the environment may outlive the job (features.shared,
    /// CI_SHARED_ENVIRONMENT).
    bool shared_environment = false;
    /// Scripts are given to an administrator's programs (executors/driver.hpp), which bring them to
    /// a place that the runner does not know. Such a place has git and `gitlab-runner`.
    bool has_driver = false;
    /// A script's end is reported with the texts of Go's os/exec: "exit status 1", and no exit code
    /// for a signal (job-runtime.md §1.7).
    bool exit_texts_of_go = false;
    /// Its preparation, runs and cleanup have values of their own for the metric label
    /// `executor_stage`: "docker_run".
    bool own_metric_stages = false;
};

inline constexpr ExecutorTraits kDockerTraits{
    .kind = ExecutorKind::kDocker, .name = "docker", .own_metric_stages = true};
inline constexpr ExecutorTraits kShellTraits{.kind = ExecutorKind::kShell,
                                             .name = "shell",
                                             .shared_host = true,
                                             .shared_environment = true,
                                             .exit_texts_of_go = true};
inline constexpr ExecutorTraits kCustomTraits{.kind = ExecutorKind::kCustom,
                                              .name = "custom",
                                              .shared_environment = true,
                                              .has_driver = true,
                                              .exit_texts_of_go = true};

/// For people who name an executor that does not exist.
inline constexpr std::string_view kExecutorNames = "docker, shell and custom";

constexpr const ExecutorTraits& traits_of(ExecutorKind kind) {
    switch (kind) {
        case ExecutorKind::kShell: return kShellTraits;
        case ExecutorKind::kCustom: return kCustomTraits;
        case ExecutorKind::kDocker: break;
    }
    return kDockerTraits;
}

/// nullopt for an executor of the official runner only ("kubernetes"), and for any other name.
constexpr std::optional<ExecutorKind> parse_executor_kind(std::string_view name) {
    for (const ExecutorTraits& traits : {kDockerTraits, kShellTraits, kCustomTraits}) {
        if (traits.name == name) return traits.kind;
    }
    return std::nullopt;
}

/// The values of the metric label `executor_stage` (runner-protocol.md §8). The official runner has
/// no value for the scripts of the other executors: "run".
inline std::string executor_stage(const ExecutorTraits& traits, std::string_view stage) {
    if (traits.own_metric_stages) return std::string(traits.name) + "_" + std::string(stage);
    return std::string(stage);
}

}  // namespace executors
