#include "base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/random.hpp"

namespace base {

Result<std::string> read_file(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return errno_error("read " + path.string());
    std::string text;
    char block[16384];
    while (true) {
        const ssize_t got = ::read(fd.get(), block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error("read " + path.string());
        if (got == 0) return text;
        text.append(block, static_cast<std::size_t>(got));
    }
}

Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t most) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd && errno == ELOOP) return invalid_input(path.string() + " is a symbolic link");
    if (!fd) return errno_error("read " + path.string());
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return errno_error("read " + path.string());
    if (!S_ISREG(about.st_mode)) return invalid_input(path.string() + " is no regular file");
    std::string text(most + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error("read " + path.string());
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > most) {
        return invalid_input(fmt::format("{} has more than {} bytes", path.string(), most));
    }
    text.resize(size);
    return text;
}

Result<void> write_fully(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno_error("write");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

namespace {

void sync_directory(const std::filesystem::path& directory) {
    const UniqueFd fd(
        ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd) ::fsync(fd.get());
}

}  // namespace

Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view text,
                               mode_t mode, bool durable) {
    const std::filesystem::path fresh = path.string() + "." + random_hex(4) + ".tmp";
    UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd) return errno_error("create " + fresh.string());
    auto written = write_fully(fd.get(), text);
    if (written && ::fchmod(fd.get(), mode) != 0) written = errno_error("chmod");
    if (written && durable && ::fsync(fd.get()) != 0) written = errno_error("sync");
    fd.reset();
    if (written && ::rename(fresh.c_str(), path.c_str()) != 0) written = errno_error("rename");
    if (!written) {
        ::unlink(fresh.c_str());
        return written.error().with_context("write " + path.string());
    }
    if (durable) sync_directory(path.parent_path());
    return {};
}

Result<void> make_directories(const std::filesystem::path& path, mode_t mode) {
    std::filesystem::path so_far;
    for (const auto& part : path) {
        so_far /= part;
        if (so_far == "/" || so_far.empty()) continue;
        if (::mkdir(so_far.c_str(), mode) != 0 && errno != EEXIST) {
            return errno_error("create directory " + so_far.string());
        }
    }
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return errno_error("directory " + path.string());
    if (!S_ISDIR(about.st_mode)) {
        return make_error(ErrorKind::kIo, path.string() + " exists and is not a directory");
    }
    return {};
}

}  // namespace base
