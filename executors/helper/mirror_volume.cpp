#include "executors/helper/mirror_volume.hpp"

#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "executors/helper/directory.hpp"
#include "executors/helper/git_process.hpp"

namespace executors::helper {

namespace {

constexpr const char* kNext = "next";

/// `size` bytes that end `behind` bytes before the end of the file; fewer when there are not so
/// many.
std::string text_before_end(int directory, const std::string& name, std::size_t size,
                            std::size_t behind) {
    const UniqueFd file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) fail_errno("open " + name);
    const off_t begin = size_in(directory, name) - static_cast<off_t>(size + behind);
    std::string text(size, '\0');
    const ssize_t count = begin < 0 ? 0 : ::pread(file.get(), text.data(), size, begin);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
}

}  // namespace

MirrorLock::MirrorLock(const std::string& path, int operation, int flags)
    : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (!fd_ && errno == ENOENT && (flags & O_CREAT) == 0) return;
    if (!fd_) fail_errno("open " + path);
    held_ = ::flock(fd_.get(), operation | LOCK_NB) == 0;
    if (!held_ && errno != EWOULDBLOCK) fail_errno("lock " + path);
}

std::optional<std::string> current_generation(const std::string& volume) {
    std::string target(256, '\0');
    const ssize_t size =
        ::readlink((volume + "/" + kCurrentGeneration).c_str(), target.data(), target.size());
    if (size <= 0) return std::nullopt;
    target.resize(static_cast<std::size_t>(size));
    return volume + "/" + base_name(target);
}

/// Other file systems of the machine are not made to write what they have in memory.
void publish_generation(const std::string& volume, const std::string& name) {
    const UniqueFd top = enter_directory(volume);
    if (::syncfs(top.get()) != 0) fail_errno("write the volume of the mirror to its disk");
    const std::string next = volume + "/" + kNext;
    if (::symlink(name.c_str(), next.c_str()) != 0) fail_errno("make the link " + next);
    const std::string current = volume + "/" + kCurrentGeneration;
    if (::rename(next.c_str(), current.c_str()) != 0) fail_errno("replace the link " + current);
}

void make_repository(const MirrorRequest& request, const std::string& path) {
    static_cast<void>(GitProcess().run(
        {"init", "--bare", "--quiet",
         request.sha256 ? "--object-format=sha256" : "--object-format=sha1", path}));
}

std::uint64_t pack_bytes(const std::string& repository) {
    const UniqueFd packs = enter_directory(repository + kPacks);
    std::uint64_t bytes = 0;
    for (const auto& entry : entries_of(packs.get())) {
        if (entry.type == S_IFREG)
            bytes += static_cast<std::uint64_t>(size_in(packs.get(), entry.name));
    }
    return bytes;
}

/// git names each object that it looks for in a pack that was cut off. An index ends with the
/// checksum of its pack and its own, a pack with its own (gitformat-pack).
void check_packs(const std::string& repository, bool sha256) {
    const std::size_t checksum_size = sha256 ? 32 : 20;
    const UniqueFd directory = enter_directory(repository + kPacks);
    const int packs = directory.get();
    for (const auto& entry : entries_of(packs)) {
        if (entry.type != S_IFREG || !entry.name.ends_with(".idx")) continue;
        const std::string pack = entry.name.substr(0, entry.name.size() - 4) + ".pack";
        const std::string noted = text_before_end(packs, entry.name, checksum_size, checksum_size);
        if (noted.size() != checksum_size ||
            noted != text_before_end(packs, pack, checksum_size, 0)) {
            throw Failure("the mirror is damaged: " + pack + " is not what its index says");
        }
    }
}

std::string tips_of(const std::string& repository) {
    return GitProcess().run({"-C", repository, "for-each-ref", "--format=%(objectname)"});
}

DiskSpace disk_space(const std::string& path) {
    struct statvfs disk {};
    if (::statvfs(path.c_str(), &disk) != 0) fail_errno("measure the disk of " + path);
    return {disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize};
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

}  // namespace executors::helper
