#pragma once

#include <string>

#include "executors/helper/builder_boot.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// The prepared builder, booted before a script asks for it.
///
/// Two files beside buildx's own tell of it: a lock, which the booting process holds, and a record
/// of what the builder was booted with. A builder takes its options, its proxies and the names of
/// /etc/hosts only when it boots. So before its first use the record is compared with what a boot
/// would take now; when they differ, the container goes, and the builder boots as if nothing had
/// been done ahead.
class BuilderAhead {
  public:
    /// `directory`: of buildx's state (BuildxState).
    BuilderAhead(std::string directory, BuilderBoot boot, std::string hosts = "/etc/hosts");

    /// Boots it in a process of its own. Does nothing when the lock cannot be had: another process
    /// boots it.
    void start() const;
    /// Waits until a boot that was started has ended.
    void wait() const;
    /// Before a command that needs the builder, and behind wait().
    void take() const;

  private:
    [[nodiscard]] std::string lock_path() const { return directory_ + "/runner-boots"; }
    [[nodiscard]] std::string record_path() const { return directory_ + "/runner-has-booted"; }
    [[nodiscard]] std::string ingredients() const;
    void boot_and_note() const;

    std::string directory_;
    BuilderBoot boot_;
    std::string hosts_;
};

}  // namespace executors::helper
