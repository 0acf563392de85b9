#include "executors/helper/front_program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "executors/helper/posix.hpp"

namespace executors::helper {

bool is_this_program(const std::string& path) {
    struct stat self {};
    struct stat other {};
    return ::stat("/proc/self/exe", &self) == 0 && ::stat(path.c_str(), &other) == 0 &&
           self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

namespace {

constexpr const char* kPluginDirectories[] = {
    "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins"};

bool is_other_program(const std::string& path) {
    return ::access(path.c_str(), X_OK) == 0 && !is_this_program(path);
}

}  // namespace

std::string find_next_in_path(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const auto& directory : split_text(path != nullptr ? path : "", ':')) {
        std::string candidate = (directory.empty() ? "." : directory) + "/" + name;
        if (is_other_program(candidate)) return candidate;
    }
    return {};
}

std::string find_docker_plugin(const std::string& name) {
    for (const char* directory : kPluginDirectories) {
        std::string candidate = std::string(directory) + "/" + name;
        if (is_other_program(candidate)) return candidate;
    }
    return {};
}

int become_program(const std::string& path, std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(path.c_str(), pointers.data());
    std::fprintf(stderr, "runner-helper: %s\n", errno_text("run " + path, errno).c_str());
    return 127;
}

}  // namespace executors::helper
