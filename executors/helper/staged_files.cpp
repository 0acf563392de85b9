#include "executors/helper/staged_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "executors/helper/directory.hpp"
#include "executors/helper/staging.hpp"

namespace executors::helper {

namespace {

constexpr std::uint64_t kMostIndexBytes = 64 * 1024 * 1024;
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

UniqueFd open_directory(int parent, const char* name) {
    return UniqueFd(::openat(parent, name, kOpenDirectory));
}

/// The mode of a directory that nobody gives one.
mode_t usual_directory_mode() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0777 & ~mask;
}

/// Directories that are on the way to a member and no member themselves.
std::unordered_set<std::string> unlisted_directories(const std::vector<ZipMember>& members) {
    std::unordered_set<std::string> found;
    for (const ZipMember& member : members) {
        if (S_ISDIR(member.mode)) continue;
        for (auto slash = member.name.rfind('/'); slash != std::string::npos && slash > 0;
             slash = member.name.rfind('/', slash - 1)) {
            if (!found.insert(member.name.substr(0, slash)).second) break;
        }
    }
    for (const ZipMember& member : members) {
        if (member.name.ends_with('/')) found.erase(member.name.substr(0, member.name.size() - 1));
    }
    return found;
}

}  // namespace

StagedFiles::StagedFiles(const std::string& archive) : path_(Staging::directory_of(archive)) {
    UniqueFd root = open_directory(AT_FDCWD, path_.c_str());
    struct stat status {};
    if (!root || ::fstat(root.get(), &status) != 0) return;
    // The directory above may be open to all users of the job's environment.
    if (status.st_uid != ::geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return;
    root_ = std::move(root);
    tree_ = open_directory(root_.get(), Staging::kTree);
    const UniqueFd file(
        ::openat(root_.get(), Staging::kIndex, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!tree_ || !file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    if (static_cast<std::uint64_t>(status.st_size) > kMostIndexBytes) return;
    index_ = StagedIndex::parse(read_all(file.get()));
}

void StagedFiles::move_tree(const ZipReader& zip, const std::string& destination) {
    if (!tree_ || index_.files().empty()) return;
    if (!may_move_as_tree(zip.members(), index_, zip.begin()) || !complete_all(zip)) return;
    give_modes(zip.members());
    const UniqueFd to(::open(destination.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (to) move_entries(tree_.get(), to.get(), "");
}

/// Files get what the archive's directory says; the texts of links are removed. False when a file
/// cannot have it.
bool StagedFiles::complete_all(const ZipReader& zip) const {
    for (const ZipMember& member : zip.members()) {
        const ScannedMember* file = index_.find(member, zip.begin() + member.offset);
        if (file == nullptr) continue;
        const bool done = S_ISREG(member.mode)
                              ? complete(*file, member)
                              : ::unlinkat(tree_.get(), file->name.c_str(), 0) == 0;
        if (!done) return false;
    }
    return true;
}

bool StagedFiles::complete(const ScannedMember& file, const ZipMember& member) const {
    constexpr unsigned kModeBits = 07777;
    const char* const name = file.name.c_str();
    if (member.mtime != file.mtime) {
        const std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, timespec{member.mtime, 0}};
        if (::utimensat(tree_.get(), name, times.data(), AT_SYMLINK_NOFOLLOW) != 0) return false;
    }
    const mode_t mode = member.mode & kModeBits;
    return mode == Staging::kUsualMode || ::fchmodat(tree_.get(), name, mode, 0) == 0;
}

/// The directories that are no members have been made with another umask than this process's.
void StagedFiles::give_modes(const std::vector<ZipMember>& members) const {
    const mode_t mode = usual_directory_mode();
    for (const std::string& name : unlisted_directories(members)) {
        const UniqueFd directory = open_directory(tree_.get(), name.c_str());
        struct stat status {};
        if (!directory || ::fstat(directory.get(), &status) != 0) continue;
        // The group's bit is inherited.
        static_cast<void>(::fchmod(directory.get(), (status.st_mode & S_ISGID) | mode) != 0);
    }
}

/// What cannot be moved stays where it is.
void StagedFiles::move_entries(int from, int to, const std::string& above) {
    for (const DirectoryEntry& entry : entries_of(from)) {
        const char* const name = entry.name.c_str();
        if (::renameat2(from, name, to, name, RENAME_NOREPLACE) == 0) {
            moved_.insert(above + entry.name);
        } else if (errno == EEXIST && entry.type == S_IFDIR) {
            const UniqueFd inner = open_directory(from, name);
            const UniqueFd target = open_directory(to, name);
            if (inner && target) move_entries(inner.get(), target.get(), above + entry.name + "/");
        } else if (errno != EEXIST) {
            return;  // another file system, or a directory that is closed
        }
    }
}

bool StagedFiles::was_moved(std::string_view name) const {
    if (moved_.empty()) return false;
    for (auto slash = name.find('/'); slash != std::string_view::npos;
         slash = name.find('/', slash + 1)) {
        if (moved_.contains(std::string(name.substr(0, slash)))) return true;
    }
    return moved_.contains(std::string(name));
}

bool StagedFiles::move(const ZipReader& zip, const ZipMember& packed,
                       const TreeWriter::Member& member, TreeWriter& writer) {
    const ScannedMember* file = index_.find(packed, zip.begin() + packed.offset);
    if (file == nullptr) return false;
    if (was_moved(file->name)) return true;
    return complete(*file, packed) && writer.move_in(member, tree_.get(), file->name);
}

void StagedFiles::remove() const {
    if (!root_) return;
    const UniqueFd parent(::open(directory_name(path_).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (parent) remove_tree(parent.get(), base_name(path_));
}

}  // namespace executors::helper
