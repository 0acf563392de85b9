#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace runner::daemon {

/// Which runners ask for no jobs because an administrator said so (`runner pause`, `runner drain`).
struct PauseSet {
    bool all = false;
    bool draining = false;        ///< `all` came from a drain
    std::set<std::string> names;  ///< runners that are paused one by one

    [[nodiscard]] bool has(const std::string& name) const { return all || names.contains(name); }
    bool operator==(const PauseSet&) const = default;
};

/// `set` without a pause of `name`. When all runners are paused, the others of `configured` stay
/// so.
PauseSet without(PauseSet set, const std::string& name, const std::vector<std::string>& configured);

/// A PauseSet that survives the daemon, in the state directory.
///
/// Life: read() once, then the others. Strand: the I/O thread. A change that cannot be saved fails;
/// the next daemon would not know it.
class Pauses {
  public:
    explicit Pauses(const std::filesystem::path& state_dir) : path_(state_dir / "paused.json") {}

    /// Without the file nothing is paused. A file that cannot be read is an error that names it;
    /// then all runners are paused: an administrator has paused something, and a job that begins
    /// against his order cannot be taken back, while one that waits is not lost.
    base::Result<void> read();
    [[nodiscard]] const PauseSet& now() const { return set_; }
    /// When it fails, nothing has changed.
    base::Result<void> change_to(PauseSet set);
    /// Until this daemon ends. For what cannot be saved, and must work all the same.
    void change_without_saving(PauseSet set) { set_ = std::move(set); }

  private:
    std::filesystem::path path_;
    PauseSet set_;
};

}  // namespace runner::daemon
