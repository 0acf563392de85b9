#include "executors/helper/file_work.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "executors/helper/cores.hpp"
#include "executors/helper/directory.hpp"
#include "executors/helper/receive_archive.hpp"
#include "executors/helper/unpack.hpp"
#include "executors/helper/users.hpp"

namespace executors::helper {

namespace {

constexpr char kDone[] = R"({"ok":true})";

void make_directory(const FileCommand& command) {
    const mode_t mode = command.mode != 0 ? command.mode : 0755;
    make_directories(command.path, 0755);
    const UniqueFd made(
        ::open(command.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) fail_errno("open directory " + command.path);
    if (command.mode != 0 && ::fchmod(made.get(), mode) != 0)
        fail_errno("set the mode of " + command.path);
}

void remove_path(const FileCommand& command) {
    const std::string name = base_name(command.path);
    if (name.empty() || name == "." || name == "..")
        throw Failure("will not remove " + command.path);
    const UniqueFd parent(
        ::open(directory_name(command.path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!parent && errno == ENOENT) return;
    if (!parent) fail_errno("open the directory of " + command.path);
    remove_tree(parent.get(), name);
}

/// False with errno set when it could not be read or written.
bool copy_upload(int input, int file) {
    std::array<char, 64 * 1024> buffer;
    ssize_t count = 0;
    while ((count = read_some(input, buffer.data(), buffer.size())) > 0) {
        if (!write_all(file, {buffer.data(), static_cast<std::size_t>(count)})) return false;
    }
    return count == 0;
}

unsigned cores_for(const FileCommand& command) { return std::min(command.unpack, usable_cores()); }

void put_file(const FileCommand& command, int input) {
    const std::string directory = directory_name(command.path);
    const std::string name = base_name(command.path);
    if (name.empty()) throw Failure("a file needs a name: " + command.path);
    const UniqueFd parent(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!parent) fail_errno("open directory " + directory);
    const mode_t mode = command.mode != 0 ? command.mode : 0644;
    // Written under another name and renamed: a reader never sees a part of the file, and a link in
    // its place is replaced, not followed.
    const std::string draft = name + ".new-" + std::to_string(::getpid());
    const UniqueFd file(
        ::openat(parent.get(), draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) fail_errno("make " + command.path);
    bool good = command.unpack > 0
                    ? receive_archive(input, file.get(), parent.get(), name, cores_for(command))
                    : copy_upload(input, file.get());
    if (good) good = ::fchmod(file.get(), mode) == 0;
    if (good) good = ::renameat(parent.get(), draft.c_str(), parent.get(), name.c_str()) == 0;
    if (good) return;
    const int code = errno;
    ::unlinkat(parent.get(), draft.c_str(), 0);
    throw Failure(errno_text("write " + command.path, code));
}

}  // namespace

std::string do_file_command(const FileCommand& command, int input) {
    // Becomes the job's user before it opens any path: a symbolic link of the job leads only where
    // the job itself may go.
    if (!command.user.empty() && !become(find_user(command.user)))
        fail_errno("become user " + command.user);
    switch (command.kind) {
        case FileCommand::Kind::kMkdir: make_directory(command); return kDone;
        case FileCommand::Kind::kRemove: remove_path(command); return kDone;
        case FileCommand::Kind::kPutFile: put_file(command, input); return kDone;
        case FileCommand::Kind::kPutTar: break;
    }
    const std::size_t entries = unpack_tar(input, command.path);
    return R"({"ok":true,"entries":)" + std::to_string(entries) + "}";
}

}  // namespace executors::helper
