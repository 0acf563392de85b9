#include "runner/job/job_header.hpp"

#include <fmt/format.h>

#include "base/parse.hpp"
#include "base/version.hpp"

namespace runner::job {

void write_header(JobContext& context) {
    auto& log = context.log();
    auto& variables = context.variables;
    // Tools find the head of a log by the official words.
    log.print(fmt::format("Running with gitlab-runner {} ({}) [runner {}]",
                          base::compatible_version(), base::revision(), base::version()));
    log.print(fmt::format("  on {} {}, system ID: {}", context.runner().name,
                          context.setup.record.short_token, context.setup.system_id));
    if (const std::string flags = variables.features().changed(); !flags.empty()) {
        log.print("  feature flags: " + flags);
    }
    for (const std::string& warning : variables.warnings()) log.warning(warning);
    context.behaviour.check_all(context.payload().allow_git_fetch);
    context.log_variable_warnings();
    for (const char* name : {"CI_DEBUG_TRACE", "CI_DEBUG_SERVICES"}) {
        const bool asked = base::parse_bool(variables.get(name)).value_or(false);
        if (asked && context.runner().debug_trace_disabled) {
            log.warning(std::string(name) + ": usage is disabled on this Runner");
        }
    }
}

}  // namespace runner::job
