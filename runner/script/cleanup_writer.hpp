#pragma once

#include <string>

#include "runner/script/script_context.hpp"

namespace runner::script {

/// The stage cleanup_file_variables: removes what the scripts of the job left in its temporary
/// directory, and with FF_ENABLE_JOB_CLEANUP what the job left in the project. Pure.
class CleanupWriter {
  public:
    explicit CleanupWriter(const ScriptContext& context) : context_(context) {}

    [[nodiscard]] std::string script() const;

  private:
    void remove_temporary_files(ShellWriter& writer) const;
    void clean_project(ShellWriter& writer) const;
    void clean_with_git(ShellWriter& writer) const;

    const ScriptContext& context_;
};

}  // namespace runner::script
