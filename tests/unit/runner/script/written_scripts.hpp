#pragma once

#include <string>

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/script/script_context.hpp"
#include "runner/script/variables.hpp"

namespace tests {

/// One job for which all scripts are written.
struct ScriptedJob {
    protocol::gitlab::JobPayload payload;
    runner::config::RunnerConfig runner;
    runner::script::RunnerFacts facts;
    runner::script::ScriptSettings settings;

    void set(std::string key, std::string value, bool file = false);
};

/// Every script of the job, each below a line "==== <name>". Escape bytes and git's user agent,
/// which has the version in it, are replaced by names.
std::string written_scripts(const ScriptedJob& job);

}  // namespace tests
