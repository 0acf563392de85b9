#pragma once

#include <sys/statvfs.h>

#include <cstdint>
#include <optional>
#include <string>

#include "executors/helper/data_marker.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// A place where an inner engine keeps its data, on a volume that outlives the job. What lies there
/// may be hostile: no link is followed, nothing but regular files of a limited size is read.
///
/// The directory ".runner" in it is ours: the marker, the lock, and things that are set aside until
/// there is time to remove them. A rename takes no time, so an engine can start at once on an empty
/// place, whatever lay there.
///
/// Throws Failure.
class DataRoot {
  public:
    /// Opens the directory, which exists, and makes ".runner" in it.
    explicit DataRoot(const std::string& path);

    /// While the descriptor is open, also in a program that this one becomes, no other container
    /// gets the lock. Waits for it up to `limit_ms`, with the process's only interval timer, and
    /// throws Failure when another one still has it.
    [[nodiscard]] UniqueFd lock(std::int64_t limit_ms = 0);
    [[nodiscard]] std::optional<DataMarker> marker() const;
    void mark(const DataMarker& marker);
    /// Changes the state alone. Does nothing without a marker.
    void mark(DataState state);
    void forget_marker();

    /// Whether there is anything besides ".runner".
    [[nodiscard]] bool has_data() const;
    [[nodiscard]] bool is_short_of_space() const;
    /// Everything but ".runner".
    void set_aside_all();
    /// One entry of a directory of the volume; one that does not exist is no failure.
    void set_aside(int directory, const std::string& name);
    /// Removes what was set aside; takes long.
    void empty_trash() const;

    [[nodiscard]] int directory() const { return root_.get(); }

  private:
    void tidy_own();

    UniqueFd root_;
    UniqueFd own_;    ///< ".runner"
    UniqueFd trash_;  ///< what this process sets aside; made at first use
    int set_aside_ = 0;
};

/// Whether an engine would soon fail for want of space or of inodes; pure.
bool is_short(const struct statvfs& disk);

/// The content of a regular file of at most `limit` bytes, nothing for anything else.
std::optional<std::string> read_small_file(int directory, const std::string& name,
                                           std::size_t limit);
/// A directory below an open one, nothing when a component is missing or is no directory.
UniqueFd open_below(int directory, std::initializer_list<std::string> names);

/// Mounts below `path` that an engine has left in this mount namespace are taken away.
void detach_mounts_below(const std::string& path);

}  // namespace executors::helper
