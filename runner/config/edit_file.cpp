#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.hpp"
#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"

namespace runner::config {

namespace {

/// The path behind symbolic links, so that the file is replaced and not the link.
std::filesystem::path real_path(const std::filesystem::path& path) {
    std::error_code failure;
    auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path), failure);
    return failure ? path : real;
}

/// A lock that is held while a file of the directory is read, changed and written.
base::Result<base::UniqueFd> lock_directory(const std::filesystem::path& directory) {
    base::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return base::errno_error("open directory " + directory.string());
    while (::flock(fd.get(), LOCK_EX) != 0) {
        if (errno != EINTR) return base::errno_error("lock directory " + directory.string());
    }
    return fd;
}

base::Result<void> save(const std::filesystem::path& path, const std::string& text) {
    struct stat before {};
    const bool existed = ::stat(path.c_str(), &before) == 0;
    auto written = base::write_file_atomic(path, text, 0600, true);
    if (!written) {
        base::Error error = written.error();
        if (error.code.value() == EBUSY) {
            error.message +=
                ": a file that is mounted by itself cannot be replaced; mount its directory "
                "instead";
        } else if (error.code.value() == EACCES || error.code.value() == EROFS) {
            error.message +=
                ": run as the owner of the directory (with sudo for the system's configuration)";
        }
        return error;
    }
    if (existed && before.st_uid != ::geteuid() &&
        ::chown(path.c_str(), before.st_uid, before.st_gid) != 0) {
        return base::errno_error("give " + path.string() + " back to its owner");
    }
    return {};
}

}  // namespace

base::Result<void> edit_config(const std::filesystem::path& path, bool create, const Edit& edit) {
    const auto real = real_path(path);
    if (create) {
        if (auto made = base::make_directories(real.parent_path(), 0700); !made)
            return made.error();
    }
    auto lock = lock_directory(real.parent_path());
    if (!lock) {
        // Without the directory there is no file either: the message about the file is the better
        // one.
        auto text = read_config_text(path);
        return text ? lock.error() : text.error();
    }
    auto text = read_config_text(real);
    const bool missing = !text && text.error().is(base::ErrorKind::kNotFound);
    if (!text && !(create && missing)) return text.error();
    auto changed = edit(missing ? new_config_text() : *text);
    if (!changed) return changed.error().with_context(path.string());
    if (!missing && *changed == *text) return {};
    return save(real, *changed);
}

}  // namespace runner::config
