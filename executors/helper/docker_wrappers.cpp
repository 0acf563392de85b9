#include "executors/helper/docker_wrappers.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "executors/helper/hosts_file.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/proxies.hpp"

namespace executors::helper {

namespace {

bool is_open_listener(const std::string& address) {
    return address == "tcp://0.0.0.0:2375" || address == "tcp://[::]:2375" ||
           address == "tcp://:2375";
}

bool asks_for_tls(const std::string& argument) {
    return argument == "--tls" || argument == "--tlsverify" || argument == "--tls=true" ||
           argument == "--tlsverify=true";
}

}  // namespace

bool is_this_program(const std::string& path) {
    struct stat self {};
    struct stat other {};
    return ::stat("/proc/self/exe", &self) == 0 && ::stat(path.c_str(), &other) == 0 &&
           self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

int become(const std::string& path, std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(path.c_str(), pointers.data());
    std::fprintf(stderr, "runner-helper: %s\n", errno_text("run " + path, errno).c_str());
    return 127;
}

namespace {

std::string find_next_in_path(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const auto& directory : split_text(path != nullptr ? path : "", ':')) {
        std::string candidate = (directory.empty() ? "." : directory) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0 && !is_this_program(candidate)) return candidate;
    }
    return {};
}

}  // namespace

std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments) {
    if (std::any_of(arguments.begin(), arguments.end(), asks_for_tls)) return arguments;
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        const bool takes_next = argument == "--host" || argument == "-H";
        if (takes_next && i + 1 < arguments.size() && is_open_listener(arguments[i + 1])) {
            ++i;
            continue;
        }
        if (argument.rfind("--host=", 0) == 0 && is_open_listener(argument.substr(7))) continue;
        if (argument.rfind("-H=", 0) == 0 && is_open_listener(argument.substr(3))) continue;
        if (argument.rfind("-H", 0) == 0 && is_open_listener(argument.substr(2))) continue;
        kept.push_back(argument);
    }
    return kept;
}

int run_dockerd_wrapper(const std::vector<std::string>& arguments) {
    const std::string real = find_next_in_path("dockerd");
    if (real.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no dockerd in its PATH\n");
        return 127;
    }
    prepare_resolver(real);
    export_proxy_variables();
    const char* wanted = std::getenv("RUNNER_DIND_TCP");
    if (wanted != nullptr && std::string(wanted) == "1") return become(real, arguments);
    return become(real, rewrite_dockerd(arguments));
}

int run_docker_wrapper(const std::vector<std::string>& arguments) {
    const std::string real = find_next_in_path("docker");
    if (real.empty()) {
        std::fprintf(stderr, "runner-helper: the image has no docker in its PATH\n");
        return 127;
    }
    const bool classic_build = environment_or("DOCKER_BUILDKIT", "1") == "0";
    if (makes_engine_resolve(arguments, classic_build)) wait_until_hosts_are_read();
    export_proxy_variables();
    return become(real, arguments);
}

}  // namespace executors::helper
