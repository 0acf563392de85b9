#pragma once

#include <string>
#include <utility>

#include "protocol/gitlab/payload.hpp"
#include "runner/config/config.hpp"
#include "runner/script/behaviour_variables.hpp"
#include "runner/script/payload_texts.hpp"
#include "runner/script/script_context.hpp"
#include "runner/script/variables.hpp"

namespace tests {

/// A job whose scripts are written: change the members, then take what is made of them.
struct ScriptJob {
    ScriptJob() {
        directories = {"/builds", "/builds/g/p", "/builds/g/p.tmp"};
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
    [[nodiscard]] runner::script::Variables variables() const {
        runner::script::Variables variables(payload, runner, predefined);
        variables.set_directories(directories);
        return variables;
    }
    /// What `write(context)` returns.
    template <typename Write>
    auto with_context(Write write) const {
        const auto variables = this->variables();
        runner::script::TextExpander texts(variables);
        auto expanded = payload;
        runner::script::expand_texts(expanded, texts);
        runner::script::BehaviourVariables behaviour(variables);
        return write(runner::script::ScriptContext(expanded, runner, behaviour, settings));
    }

    protocol::gitlab::JobPayload payload;
    runner::config::RunnerConfig runner;
    runner::script::PredefinedValues predefined;
    runner::script::JobDirectories directories;
    runner::script::ScriptSettings settings;
};

}  // namespace tests
