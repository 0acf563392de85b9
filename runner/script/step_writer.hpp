#pragma once

#include <string>

#include "protocol/gitlab/payload.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The scripts of stage prepare_script and of the stages with the user's own commands. Pure; life:
/// see ScriptContext.
class StepWriter {
  public:
    explicit StepWriter(const ScriptContext& context) : context_(context) {}

    /// Stage prepare_script: names the environment and removes what a former job handed on.
    [[nodiscard]] std::string prepare() const;
    /// A step other than after_script, between the administrator's build scripts.
    [[nodiscard]] std::string step(const protocol::gitlab::Step& step) const;
    [[nodiscard]] std::string after_script(const protocol::gitlab::Step& step) const;

  private:
    const ScriptContext& context_;
};

}  // namespace runner::script
