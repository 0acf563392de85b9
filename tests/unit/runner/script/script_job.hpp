#pragma once

#include <string>
#include <utility>

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/script/script_context.hpp"
#include "runner/script/variables.hpp"

namespace tests {

/// A job for the tests of one writer: change the members, then take the context.
struct ScriptJob {
    ScriptJob() {
        facts.project_dir = "/builds/g/p";
        facts.tmp_dir = "/builds/g/p.tmp";
        settings.helper = "/helper";
        settings.cache_dir = "/cache";
        settings.project_slug = "g/p";
        payload.git_info.repo_url = "https://gitlab-ci-token:t-1@gitlab.example.com/g/p.git";
        payload.git_info.sha = std::string(40, 'a');
        payload.allow_git_fetch = true;
    }
    void set(std::string key, std::string value, bool file = false) {
        protocol::gitlab::Variable variable;
        variable.key = std::move(key);
        variable.value = std::move(value);
        variable.file = file;
        payload.variables.push_back(std::move(variable));
    }
    /// What `write(context)` returns.
    template <typename Write>
    auto with_context(Write write) const {
        runner::script::Variables variables(payload, runner, facts);
        return write(runner::script::ScriptContext(payload, runner, variables, settings));
    }

    protocol::gitlab::JobPayload payload;
    runner::config::RunnerConfig runner;
    runner::script::RunnerFacts facts;
    runner::script::ScriptSettings settings;
};

}  // namespace tests
