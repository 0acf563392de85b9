#include <fmt/format.h>

#include "runner/config/validation.hpp"

namespace runner::config::validation {

namespace {

void check_times(const RunnerConfig& runner, const Node& node, Reporter& report) {
    const auto& custom = runner.custom;
    const executors::custom::CustomSettings defaults;
    const struct {
        const char* key;
        int seconds;
        int otherwise;
    } times[] = {
        {"config_exec_timeout", custom.config_exec_timeout, defaults.config_exec_timeout},
        {"prepare_exec_timeout", custom.prepare_exec_timeout, defaults.prepare_exec_timeout},
        {"cleanup_exec_timeout", custom.cleanup_exec_timeout, defaults.cleanup_exec_timeout},
        {"graceful_kill_timeout", custom.graceful_kill_timeout, defaults.graceful_kill_timeout},
        {"force_kill_timeout", custom.force_kill_timeout, defaults.force_kill_timeout}};
    for (const auto& [key, seconds, otherwise] : times) {
        // 0 stands for the default, as officially; a negative time is a mistake.
        if (seconds >= 0) continue;
        report.warning(position_of(node, std::string("custom.") + key),
                       fmt::format("{} of [runners.custom] is negative: {} seconds, the default, "
                                   "count",
                                   key, otherwise));
    }
}

}  // namespace

void check_custom(const RunnerConfig& runner, const Node& node, Reporter& report) {
    if (runner.executor_kind() != executors::ExecutorKind::kCustom) return;
    if (runner.custom.run_exec.empty()) {
        report.warning(position_of(node, "custom"),
                       fmt::format("runner \"{}\" has no run_exec in [runners.custom], so its jobs "
                                   "will fail: it is the program that runs their scripts",
                                   runner.name));
    }
    check_times(runner, node, report);
    if (!runner.custom.config_exec.empty()) return;  // its answer may name the directories
    for (const auto& [key, value] :
         {std::pair("builds_dir", &runner.builds_dir), std::pair("cache_dir", &runner.cache_dir)}) {
        if (!value->empty()) continue;
        report.warning(node.begin,
                       fmt::format("runner \"{}\" has no {}, so its jobs will fail: the custom "
                                   "executor needs it, a path where the scripts run",
                                   runner.name, key));
    }
}

}  // namespace runner::config::validation
