#include "executors/helper/long_path.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace executors::helper {

namespace {

/// A directory, and a path below it that is short enough for one call.
struct ShortPath {
    UniqueFd directory;
    std::string rest;
    [[nodiscard]] int at() const { return directory ? directory.get() : AT_FDCWD; }
};

/// With an empty `rest` when a directory on the way could not be opened.
ShortPath shorten(const std::string& path) {
    ShortPath found{UniqueFd(), path};
    while (found.rest.size() >= PATH_MAX) {
        const auto slash = found.rest.rfind('/', PATH_MAX - 2);
        if (slash == std::string::npos) break;  // a name so long does not exist
        UniqueFd next(::openat(found.at(), found.rest.substr(0, slash).c_str(),
                               O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!next) return {};
        found.directory = std::move(next);
        found.rest.erase(0, slash + 1);
    }
    return found;
}

}  // namespace

int lstat_long(const std::string& path, struct stat& status) {
    const ShortPath found = shorten(path);
    if (found.rest.empty()) return -1;
    return ::fstatat(found.at(), found.rest.c_str(), &status, AT_SYMLINK_NOFOLLOW);
}

UniqueFd open_long(const std::string& path, int flags) {
    const ShortPath found = shorten(path);
    if (found.rest.empty()) return UniqueFd();
    return UniqueFd(::openat(found.at(), found.rest.c_str(), flags | O_CLOEXEC));
}

std::string link_target_long(const std::string& path) {
    const ShortPath found = shorten(path);
    std::string target(PATH_MAX, '\0');
    const ssize_t length = found.rest.empty() ? -1
                                              : ::readlinkat(found.at(), found.rest.c_str(),
                                                             target.data(), target.size());
    if (length < 0) fail_errno("read link " + path);
    target.resize(static_cast<std::size_t>(length));
    return target;
}

}  // namespace executors::helper
