#include "executors/helper/project_paths.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace executors::helper {

namespace {

namespace fs = std::filesystem;

/// $PWD, when it is a name of the working directory.
std::string logical_directory() {
    const char* name = std::getenv("PWD");
    struct stat named {};
    struct stat here {};
    const bool same = name != nullptr && name[0] == '/' && ::stat(name, &named) == 0 &&
                      ::stat(".", &here) == 0 && named.st_dev == here.st_dev &&
                      named.st_ino == here.st_ino;
    return same ? fs::path(name).lexically_normal().string() : std::string();
}

std::string without_slash(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

bool leads_out(const std::string& path) { return path == ".." || path.rfind("../", 0) == 0; }

}  // namespace

ProjectPaths::ProjectPaths() : real_(fs::current_path().string()) {
    shown_ = without_slash(logical_directory());
    if (shown_.empty()) shown_ = real_;
}

std::optional<std::string> ProjectPaths::relative(const std::string& given) const {
    const fs::path path = (fs::path(shown_) / given).lexically_normal();
    std::string text = path.lexically_relative(shown_).string();
    if (leads_out(text)) text = path.lexically_relative(real_).string();
    text = without_slash(text);
    if (given.empty() || text.empty() || leads_out(text)) return std::nullopt;
    return text == "." ? "" : text;
}

bool ProjectPaths::is_inside(const std::string& directory) const {
    if (directory.empty()) return true;
    const std::unique_ptr<char, decltype(&std::free)> found(::realpath(directory.c_str(), nullptr),
                                                            &std::free);
    if (!found) return errno == ENOENT || errno == ENOTDIR;
    const std::string real = found.get();
    return real == real_ || real.rfind(real_ == "/" ? "/" : real_ + "/", 0) == 0;
}

}  // namespace executors::helper
