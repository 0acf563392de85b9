#include "executors/helper/tree_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace executors::helper {

namespace {

constexpr mode_t kModeBits = 07777;

/// A directory that was there before may belong to another user, and some file systems have no
/// modes.
void set_mode(int file, mode_t mode, const std::string& path) {
    if (::fchmod(file, mode & kModeBits) != 0 && errno != EPERM && errno != ENOTSUP)
        fail_errno("set the mode of " + path);
}

}  // namespace

void TreeWriter::add(const Member& member, const Content& content) {
    if (member.hard_link.empty() && S_ISDIR(member.mode)) return make_directory(member);
    const Tree::Place place = tree_.locate(member.path);
    if (place.name.empty()) return;
    if (!member.hard_link.empty()) return link_hard(place, member);
    if (S_ISREG(member.mode)) {
        OpenFile file = make_file(place, member);
        content(file.file.get());
        return close(std::move(file));
    }
    if (S_ISLNK(member.mode)) return link_symbolic(place, member);
    throw Failure("an archive may not hold devices and pipes: " + member.path);
}

TreeWriter::OpenFile TreeWriter::open(const Member& member) {
    const Tree::Place place = tree_.locate(member.path);
    if (place.name.empty()) return {};
    return make_file(place, member);
}

void TreeWriter::close(OpenFile file) {
    set_mode(file.file.get(), file.mode, file.path);
    const std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, file.mtime};
    ::futimens(file.file.get(), times.data());
}

bool TreeWriter::move_in(const Member& member, int directory, const std::string& name) {
    const Tree::Place place = tree_.locate(member.path);
    if (place.name.empty()) return false;
    const int parent = place.directory->get();
    if (::renameat(directory, name.c_str(), parent, place.name.c_str()) == 0) return true;
    if (errno != EISDIR) return false;
    clear_place(place, member.path);
    return ::renameat(directory, name.c_str(), parent, place.name.c_str()) == 0;
}

void TreeWriter::finish() {
    // From the end, so that what is above is still open.
    for (auto closed = closed_.rbegin(); closed != closed_.rend(); ++closed)
        set_mode(tree_.enter(closed->path)->get(), closed->mode, closed->path);
    closed_.clear();
}

void TreeWriter::make_directory(const Member& member) {
    if (Tree::is_root(member.path)) return;  // it keeps its own mode
    const Tree::Directory made = tree_.enter(member.path);
    set_mode(made->get(), member.mode | S_IRWXU, member.path);
    if ((member.mode & S_IRWXU) != S_IRWXU) closed_.push_back({member.path, member.mode});
}

void TreeWriter::clear_place(const Tree::Place& place, const std::string& path) const {
    const int parent = place.directory->get();
    if (::unlinkat(parent, place.name.c_str(), 0) == 0 || errno == ENOENT) return;
    const int code = errno;
    if (::unlinkat(parent, place.name.c_str(), AT_REMOVEDIR) == 0) return;
    throw Failure(errno_text("replace " + path, code));
}

TreeWriter::OpenFile TreeWriter::make_file(const Tree::Place& place, const Member& member) const {
    clear_place(place, member.path);
    UniqueFd file(::openat(place.directory->get(), place.name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) fail_errno("make " + member.path);
    return {std::move(file), member.path, member.mode, member.mtime};
}

void TreeWriter::link_symbolic(const Tree::Place& place, const Member& member) const {
    clear_place(place, member.path);
    if (::symlinkat(member.link.c_str(), place.directory->get(), place.name.c_str()) != 0)
        fail_errno("link " + member.path);
}

void TreeWriter::link_hard(const Tree::Place& place, const Member& member) {
    clear_place(place, member.path);
    const Tree::Place from = tree_.locate(member.hard_link);
    if (::linkat(from.directory->get(), from.name.c_str(), place.directory->get(),
                 place.name.c_str(), 0) != 0) {
        fail_errno("link " + member.path + " to " + member.hard_link);
    }
}

}  // namespace executors::helper
