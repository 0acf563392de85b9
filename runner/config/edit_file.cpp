#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_replacement.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
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

std::string remedy(const base::Error& error) {
    switch (error.code.value()) {
        case EROFS: return ": mount the file, or its directory, for writing";
        case EPERM:
            return ": if `lsattr` shows the attribute i or a, take it off with `chattr -i -a`";
        case EACCES:
            return ": run as the owner of the file (with sudo for the system's configuration)";
        case ENOSPC:
        case EDQUOT: return ": make room on the disk";
        default: return "";
    }
}

/// With the lock of the directory.
void undo_interrupted(const std::filesystem::path& real) {
    const auto ended = base::end_interrupted_change(real);
    if (!ended) {
        base::log::error("The configuration is damaged by an interrupted change: " +
                             ended.error().message + remedy(ended.error()),
                         {{"path", real.string()}});
    } else if (*ended == base::WholeText::kFormer) {
        base::log::warning(
            "A change of the configuration was interrupted: its former text is put "
            "back; repeat the command that changed it",
            {{"path", real.string()}});
    } else if (*ended == base::WholeText::kNew) {
        base::log::warning(
            "A change of the configuration was interrupted at its end: the new text "
            "is complete",
            {{"path", real.string()}});
    }
}

using Finish = base::Result<void> (*)(const std::filesystem::path& path, const std::string& text);

/// Reads and changes the text, and gives it to `finish` if it is another one.
base::Result<void> edit_text(const std::filesystem::path& path, bool create, const Edit& edit,
                             Finish finish) {
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
    undo_interrupted(real);
    auto text = read_config_text(real);
    const bool missing = !text && text.error().is(base::ErrorKind::kNotFound);
    if (!text && !(create && missing)) return text.error();
    auto changed = edit(missing ? new_config_text() : *text);
    if (!changed) return changed.error().with_context(path.string());
    if (!missing && *changed == *text) return {};
    auto finished = finish(real, *changed);
    if (finished) return {};
    base::Error error = finished.error();
    error.message += remedy(error);
    return error;
}

base::Result<void> save(const std::filesystem::path& path, const std::string& text) {
    return base::replace_file(path, text, 0600);
}

base::Result<void> check(const std::filesystem::path& path, const std::string& text) {
    // The server's token and dates may be longer than those that the edit was tried with.
    constexpr std::size_t kSpare = 4096;
    return base::check_replaceable(path, text.size() + kSpare);
}

}  // namespace

base::Result<void> edit_config(const std::filesystem::path& path, bool create, const Edit& edit) {
    return edit_text(path, create, edit, save);
}

void undo_interrupted_edit(const std::filesystem::path& path) {
    const auto real = real_path(path);
    const auto lock = lock_directory(real.parent_path());
    if (lock) undo_interrupted(real);
}

base::Result<void> check_edit(const std::filesystem::path& path, bool create, const Edit& edit) {
    return edit_text(path, create, edit, check);
}

}  // namespace runner::config
