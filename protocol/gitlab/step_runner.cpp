#include "protocol/gitlab/step_runner.hpp"

#include <algorithm>
#include <utility>

namespace protocol::gitlab {

void replace_run_by_a_script(JobPayload& payload) {
    const bool has_script =
        std::any_of(payload.steps.begin(), payload.steps.end(),
                    [](const Step& step) { return step.name == "script" && !step.script.empty(); });
    const bool has_steps =
        std::any_of(payload.variables.begin(), payload.variables.end(),
                    [](const Variable& variable) { return variable.key == "STEPS"; });
    if (payload.run.empty() || has_script || has_steps) return;
    payload.steps = {{"script", {"step-runner ci"}, 3600, "on_success", false}};
    payload.by_step_runner = true;
    payload.variables.push_back(
        {.key = "STEPS", .value = std::exchange(payload.run, {}), .is_public = true, .raw = true});
}

}  // namespace protocol::gitlab
