#pragma once

#include <string>

#include "base/result.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The parts of get_sources when the files do not come from a server. Between them, the daemon
/// unpacks the files into an empty project.
struct BroughtSources {
    std::string before;  ///< hooks
    std::string after;   ///< git's configuration, hooks
};

/// Writes get_sources for files that the daemon brings. Pure; life: see ScriptContext.
class BroughtSourcesWriter {
  public:
    explicit BroughtSourcesWriter(const ScriptContext& context) : context_(context) {}

    /// For a strategy that brings sources; kNone and kEmpty have no parts. Failures:
    /// check_git_settings().
    [[nodiscard]] base::Result<BroughtSources> parts() const;

  private:
    [[nodiscard]] std::string before() const;
    [[nodiscard]] std::string after() const;

    const ScriptContext& context_;
};

}  // namespace runner::script
