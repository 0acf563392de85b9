#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/gitlab/payload.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The scripts that pack artifacts for the upload and unpack those of other jobs. The daemon
/// uploads and downloads the packages. Pure; life: see ScriptContext.
class ArtifactWriter {
  public:
    explicit ArtifactWriter(const ScriptContext& context) : context_(context) {}

    /// Makes package_path(index), a package of executors/helper/files_command.hpp. Makes none when
    /// there is nothing to send.
    [[nodiscard]] std::string pack(const protocol::gitlab::Artifact& artifact,
                                   std::size_t index) const;
    [[nodiscard]] std::string package_path(std::size_t index) const;

    /// Unpacks dependency_path(job_id) into the project and removes it.
    [[nodiscard]] std::string extract_dependency(std::int64_t job_id) const;
    [[nodiscard]] std::string dependency_path(std::int64_t job_id) const;

  private:
    const ScriptContext& context_;
};

}  // namespace runner::script
