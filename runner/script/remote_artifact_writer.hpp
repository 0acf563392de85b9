#pragma once

#include <string>

#include "runner/script/script_context.hpp"

namespace runner::script {

/// The scripts that transfer artifacts from where they run, with a runner's program that is there
/// (runner_program.hpp). Pure; life: see ScriptContext.
class RemoteArtifactWriter {
  public:
    explicit RemoteArtifactWriter(const ScriptContext& context) : context_(context) {}

    [[nodiscard]] std::string download() const;
    /// `success`: how the job ended, for the artifacts' `when`.
    [[nodiscard]] std::string upload(bool success) const;

  private:
    [[nodiscard]] std::string upload_command(const protocol::gitlab::Artifact& artifact) const;

    const ScriptContext& context_;
};

}  // namespace runner::script
