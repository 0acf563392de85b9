#include <fmt/format.h>

#include "runner/config/validation.hpp"

namespace runner::config::validation {

void check_custom(const RunnerConfig& runner, const Node& node, Reporter& report) {
    if (runner.executor_kind() != executors::ExecutorKind::kCustom) return;
    if (runner.custom.run_exec.empty()) {
        report.warning(position_of(node, "custom"),
                       fmt::format("runner \"{}\" has no run_exec in [runners.custom], so its jobs "
                                   "will fail: it is the program that runs their scripts",
                                   runner.name));
    }
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
