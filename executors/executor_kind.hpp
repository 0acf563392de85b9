#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace executors {

/// The executors that this program has. What differs between them for a job is asked of
/// traits_of() and of the Executor itself, never by comparing names.
enum class ExecutorKind { kDocker, kShell };

struct ExecutorTraits {
    ExecutorKind kind = ExecutorKind::kDocker;
    std::string_view name;  ///< as config.toml has it
    /// Scripts run on the runner's machine, which outlives the job and has other jobs beside it.
    bool shared_host = false;
    /// A script's end is reported with the texts of Go's os/exec: "exit status 1", and no exit code
    /// for a signal (job-runtime.md §1.7).
    bool exit_texts_of_go = false;
    /// Its preparation, runs and cleanup have values of their own for the metric label
    /// `executor_stage`: "docker_run".
    bool own_metric_stages = false;
};

inline constexpr ExecutorTraits kDockerTraits{ExecutorKind::kDocker, "docker", false, false, true};
inline constexpr ExecutorTraits kShellTraits{ExecutorKind::kShell, "shell", true, true, false};

constexpr const ExecutorTraits& traits_of(ExecutorKind kind) {
    return kind == ExecutorKind::kShell ? kShellTraits : kDockerTraits;
}

/// nullopt for an executor of the official runner only ("kubernetes"), and for any other name.
constexpr std::optional<ExecutorKind> parse_executor_kind(std::string_view name) {
    for (const ExecutorTraits& traits : {kDockerTraits, kShellTraits}) {
        if (traits.name == name) return traits.kind;
    }
    return std::nullopt;
}

/// The values of the metric label `executor_stage` (runner-protocol.md §8). The official runner has
/// no value for the scripts of the shell executor: "run".
inline std::string executor_stage(const ExecutorTraits& traits, std::string_view stage) {
    if (traits.own_metric_stages) return std::string(traits.name) + "_" + std::string(stage);
    return std::string(stage);
}

}  // namespace executors
