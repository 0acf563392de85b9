#include "executors/helper/probe.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/json.hpp"
#include "executors/helper/arguments.hpp"
#include "executors/helper/dns.hpp"
#include "executors/helper/network_path.hpp"
#include "executors/helper/platforms.hpp"
#include "executors/helper/tiny_program.hpp"

namespace executors::helper {

using Json = nlohmann::json;

namespace {

constexpr const char* kCgroups = "/sys/fs/cgroup";
constexpr int kTimedOut = 124;
constexpr std::size_t kOutputLimit = 16U << 10U;
constexpr std::size_t kTarBlock = 512;

Json probe_connect(Arguments& arguments) {
    const std::string host = arguments.take_value("--host");
    const std::string port = arguments.take_value("--port");
    Json out = {{"host", host}, {"port", port}};
    const auto names = resolve_name(host);
    out["addresses"] = names.addresses;
    if (names.addresses.empty()) {
        out["failed_at"] = "resolve";
        out["error"] = names.error;
        return out;
    }
    NetworkPath path;
    for (const auto& address : names.addresses) {
        path =
            measure_path(address, static_cast<unsigned>(std::strtoul(port.c_str(), nullptr, 10)));
        if (path.error.empty()) break;
    }
    out["address"] = path.address;
    out["device"] = path.device;
    out["packet"] = path.packet;
    out["passes"] = path.passes;
    if (!path.error.empty()) {
        out["failed_at"] = "connect";
        out["error"] = path.error;
    }
    return out;
}

Json disk_at(const std::string& path) {
    struct statvfs disk {};
    if (::statvfs(path.c_str(), &disk) != 0)
        return {{"path", path}, {"error", errno_text(path, errno)}};
    return {{"path", path},
            {"total_bytes", disk.f_blocks * disk.f_frsize},
            {"free_bytes", disk.f_bavail * disk.f_frsize},
            {"total_inodes", disk.f_files},
            {"free_inodes", disk.f_favail}};
}

Json probe_disk(Arguments& arguments) {
    Json disks = Json::array();
    for (const auto& path : arguments.take_all()) disks.push_back(disk_at(path));
    return {{"disks", disks}};
}

bool is_file_system(const std::string& path, long magic) {
    struct statfs about {};
    return ::statfs(path.c_str(), &about) == 0 && about.f_type == magic;
}

Json probe_cgroups() {
    if (is_file_system(kCgroups, CGROUP2_SUPER_MAGIC)) {
        const auto text = read_file_end(std::string(kCgroups) + "/cgroup.controllers", 4096);
        auto controllers = split_text(text.substr(0, text.find('\n')), ' ');
        std::erase(controllers, "");
        return {{"version", 2},
                {"writable", ::access(kCgroups, W_OK) == 0},
                {"controllers", controllers}};
    }
    std::vector<std::string> controllers;
    bool writable = true;
    for (const auto& name : list_directory(kCgroups)) {
        const std::string path = std::string(kCgroups) + "/" + name;
        if (!is_file_system(path, CGROUP_SUPER_MAGIC)) continue;
        controllers.push_back(name);
        writable = writable && ::access(path.c_str(), W_OK) == 0;
    }
    std::sort(controllers.begin(), controllers.end());
    return {{"version", controllers.empty() ? 0 : 1},
            {"writable", writable && !controllers.empty()},
            {"controllers", controllers}};
}

Json probe_platforms() {
    Json platforms = Json::array();
    const auto available = available_platforms();
    for (const auto& name : available)
        platforms.push_back({{"name", name}, {"runs", runs_platform(name)}});
    // Most containers do not see what is registered, and yet it has its effect there.
    for (const auto& architecture : known_architectures()) {
        const std::string name = architecture.platform;
        const bool known = std::find(available.begin(), available.end(), name) != available.end();
        if (!known && runs_platform(name)) platforms.push_back({{"name", name}, {"runs", true}});
    }
    return {{"platforms", platforms}};
}

/// An engine needs CAP_SYS_ADMIN: it mounts file systems.
Json probe_rights() {
    const auto status = read_file_end("/proc/self/status", 16384);
    const auto found = status.find("CapEff:\t");
    const auto set =
        found == std::string::npos ? 0ULL : std::strtoull(status.c_str() + found + 8, nullptr, 16);
    return {{"administrator", (set >> CAP_SYS_ADMIN & 1U) != 0}};
}

[[noreturn]] void become(std::vector<std::string> command, int output) {
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::setpgid(0, 0);
    std::vector<char*> pointers;
    for (auto& word : command) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    const std::string text = errno_text(command.front(), errno);
    write_all(STDERR_FILENO, text);
    ::_exit(127);
}

/// Reads to the end of the output, or to the time; false when the time is over.
bool read_until(int fd, std::int64_t end, std::string& output) {
    pollfd waiting{fd, POLLIN, 0};
    char buffer[4096];
    while (true) {
        const auto left = std::max<std::int64_t>(end - monotonic_ms(), 0);
        if (::poll(&waiting, 1, static_cast<int>(left)) != 1) return false;
        const ssize_t size = read_some(fd, buffer, sizeof buffer);
        if (size <= 0) return true;
        output.append(buffer, static_cast<std::size_t>(size));
        if (output.size() > kOutputLimit) output.erase(0, output.size() - kOutputLimit);
    }
}

Json probe_command(Arguments& arguments, const std::vector<std::string>& command) {
    const std::string name = arguments.take_value("--name");
    const std::string limit = arguments.take_value("--limit-s");
    if (command.empty()) throw Failure("command needs a program behind --");
    const auto end = monotonic_ms() + 1000 * (limit.empty() ? 30 : std::atoll(limit.c_str()));
    Pipe pipe = make_pipe();
    const pid_t child = ::fork();
    if (child < 0) fail_errno("fork");
    if (child == 0) become(command, pipe.write.get());
    pipe.write.reset();
    std::string output;
    const bool ended = read_until(pipe.read.get(), end, output);
    if (!ended) ::kill(-child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {{"name", name}, {"exit_code", ended ? code : kTimedOut}, {"output", output}};
}

/// POSIX.1-1988 ustar, one file.
std::string tar_of(const std::string& name, const std::string& content) {
    std::string header(kTarBlock, '\0');
    const auto put = [&header](std::size_t at, const std::string& text) {
        header.replace(at, text.size(), text);
    };
    char size[12];
    std::snprintf(size, sizeof size, "%011zo", content.size());
    put(0, name);
    put(100, "0000755");
    put(108, "0000000");
    put(116, "0000000");
    put(124, size);
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, std::string("ustar\0", 6) + "00");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    char text[8];
    std::snprintf(text, sizeof text, "%06o", sum);
    put(148, text);
    header[154] = '\0';
    const std::size_t padding = (kTarBlock - content.size() % kTarBlock) % kTarBlock;
    return header + content + std::string(padding + 2 * kTarBlock, '\0');
}

int print_archive() {
    const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    if (!file) fail_errno("open /proc/self/exe");
    if (!write_all(STDOUT_FILENO, tar_of("runner-helper", read_all(file.get()))))
        fail_errno("write");
    return 0;
}

Json measure(const std::string& name, Arguments& arguments,
             const std::vector<std::string>& command) {
    if (name == "connect") return probe_connect(arguments);
    if (name == "disk") return probe_disk(arguments);
    if (name == "cgroups") return probe_cgroups();
    if (name == "rights") return probe_rights();
    if (name == "platforms") return probe_platforms();
    if (name == "command") return probe_command(arguments, command);
    throw Failure("there is no probe '" + name + "'");
}

}  // namespace

int run_probe(const std::vector<std::string>& words) {
    if (words.empty()) throw Failure("probe needs a name");
    if (words.front() == "archive") return print_archive();
    Arguments arguments({words.begin() + 1, words.end()});
    const auto command = arguments.take_command();
    const std::string place = arguments.take_value("--place");
    Json out = measure(words.front(), arguments, command);
    arguments.expect_none();
    out["probe"] = words.front();
    out["place"] = place;
    std::printf("%s%s\n", kProbeMark, base::dump_json(out).c_str());
    return 0;
}

}  // namespace executors::helper
