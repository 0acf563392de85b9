#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "executors/helper/posix.hpp"

/// Directories that a job has left, whose content is not trusted: every name is opened below an
/// open directory, and no symbolic link is followed.
namespace executors::helper {

struct DirectoryEntry {
    std::string name;
    /// S_IFREG, S_IFDIR, …; 0 when the entry is gone already.
    mode_t type = 0;
};

/// The entries without "." and "..". Throws Failure.
std::vector<DirectoryEntry> entries_of(int directory);
/// The type of an entry, 0 when there is none.
mode_t type_in(int directory, const std::string& name);
/// The size of an entry that exists. Throws Failure.
off_t size_in(int directory, const std::string& name);

/// Opens a directory. One that belongs to this user gets the user's rights if it lacks them.
/// Throws Failure, also for what is no directory.
UniqueFd enter_directory(int parent, const std::string& name);
/// The same for a path, whose components before the last may be links.
UniqueFd enter_directory(const std::string& path);
/// Whether this user may list and change the directory.
bool may_change(int directory);

/// The content of a regular file. Throws Failure.
std::string read_file_in(int directory, const std::string& name);
/// Writes a new file in the place of what is there. `mode`: whatever the umask says; without one,
/// 0666 and the umask.
void write_file_in(int directory, const std::string& name, std::string_view content,
                   std::optional<mode_t> mode = std::nullopt);

/// Removes what `name` is, with all that is below it, in the directories of this user also where
/// their modes forbid it. A mount point stays, emptied. Goes on after a failure; throws the first
/// one at the end. `top` is where directories that lie very deep are moved before they are removed.
void remove_tree(int top, const std::string& name);
/// Removes all entries.
void empty_directory(int directory);
/// Gives this user the rights to change its own directories below `directory`.
void open_own_directories(int directory);

/// As root: makes `user` the owner of the directories at and below `path` that this user could not
/// change, for example because a former job ran as root. It stays on the file system of `path`.
/// What cannot be handed over stays as it is: the job says so when it has to remove it.
void hand_over_directories(const std::string& path, uid_t user, gid_t group);

}  // namespace executors::helper
