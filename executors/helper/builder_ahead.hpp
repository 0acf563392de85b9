#pragma once

#include <string>

#include "executors/helper/builder_boot.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// The prepared builder, booted before a script asks for it.
///
/// Files beside buildx's own tell of it: a lock, which the booting process holds; what the builder
/// is booted with; and that it has booted. A builder takes its options, its proxies and the names
/// of /etc/hosts only when it boots. So before its first use they are compared with what a boot
/// would take now; when they differ, the container goes, and the builder boots as if nothing had
/// been done ahead.
class BuilderAhead {
  public:
    /// `directory`: of buildx's state (BuildxState).
    BuilderAhead(std::string directory, BuilderBoot boot, std::string hosts = "/etc/hosts");

    /// Boots BuilderBoot::container in a process of its own while buildx notes the builder. Does
    /// nothing when the lock cannot be had: another process boots it.
    void start_early() const;
    /// Behind the command by which buildx has noted the builder, for which BuilderBoot stands: what
    /// start_early() began stays when buildx would make the same; else the builder boots now.
    void confirm() const;
    /// Waits until a boot that was started has ended.
    void wait() const;
    /// Before a command that needs the builder, and behind wait(). Says on standard error when the
    /// builder has lost its state.
    void take() const;

  private:
    [[nodiscard]] std::string lock_path() const { return directory_ + "/runner-boots"; }
    [[nodiscard]] std::string with_path() const { return directory_ + "/runner-boots-with"; }
    [[nodiscard]] std::string done_path() const { return directory_ + "/runner-has-booted"; }
    [[nodiscard]] std::string ingredients() const;
    void start(const std::string& with) const;

    std::string directory_;
    BuilderBoot boot_;
    std::string hosts_;
};

}  // namespace executors::helper
