#pragma once

#include <optional>
#include <string>

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Lets the shells of a job read the login profiles once (RunStage::login_once). Profiles often
/// take longer than the scripts.
///
/// The first stage's shell is a login shell. Before its script it writes what the profiles have
/// changed: variables, functions, aliases, options, traps, limits and the umask. Later stages get
/// this text before their scripts, and no login arguments. Only bash can say all of it; with other
/// shells, and when the text is not complete, every stage has a login shell.
///
/// Life: one per job. The text is in memory only, because it may hold secrets.
class LoginState {
  public:
    /// The stage as it is to be started. Call it once for each stage, in their order, when the
    /// stage before it has ended.
    RunStage prepare(RunStage run);

  private:
    void take_text();

    bool begun_ = false;
    UniqueFd written_;                 ///< by the first stage
    std::optional<std::string> text_;  ///< shell commands
};

}  // namespace executors::helper
