#include "executors/helper/process_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <unordered_map>

namespace executors::helper {

namespace {

struct Process {
    pid_t parent = 0;
    bool zombie = false;
};

/// /proc/<pid>/stat is `pid (any text) S ppid …`.
bool read_process(pid_t pid, Process& process) {
    const std::string text = read_file_end("/proc/" + std::to_string(pid) + "/stat", 1024);
    const auto end = text.rfind(')');
    if (end == std::string::npos || end + 4 >= text.size()) return false;
    process.zombie = text[end + 2] == 'Z';
    process.parent = static_cast<pid_t>(std::strtol(text.c_str() + end + 4, nullptr, 10));
    return true;
}

std::unordered_map<pid_t, Process> read_processes() {
    std::unordered_map<pid_t, Process> all;
    for (const pid_t pid : list_processes()) {
        Process process;
        if (read_process(pid, process)) all.emplace(pid, process);
    }
    return all;
}

}  // namespace

std::string own_cgroup() {
    std::string mount;
    for (const auto& line : split_text(read_file_end("/proc/self/mountinfo", 1 << 20), '\n')) {
        const auto separator = line.find(" - cgroup2 ");
        if (separator == std::string::npos) continue;
        const auto fields = split_text(line, ' ');
        if (fields.size() > 4 && fields[3] == "/") mount = fields[4];
    }
    if (mount.empty()) return {};
    for (const auto& line : split_text(read_file_end("/proc/self/cgroup", 1 << 16), '\n')) {
        if (line.rfind("0::/", 0) != 0 || line.find("..") != std::string::npos) continue;
        return mount + (line == "0::/" ? "" : line.substr(3));
    }
    return {};
}

std::vector<pid_t> find_descendants() {
    const pid_t self = ::getpid();
    const auto all = read_processes();
    std::vector<pid_t> found;
    for (const auto& [pid, process] : all) {
        if (pid == self || process.zombie) continue;
        auto ancestor = all.find(process.parent);
        // The limit is against a loop: /proc may have changed while it was read.
        for (int depth = 0; depth < 10'000 && ancestor != all.end(); ++depth) {
            if (ancestor->first == self) {
                found.push_back(pid);
                break;
            }
            ancestor = all.find(ancestor->second.parent);
        }
    }
    return found;
}

JobCgroup::JobCgroup(const std::string& name) {
    const std::string parent = name.empty() ? "" : own_cgroup();
    if (parent.empty()) return;
    const std::string path = parent + "/" + name;
    // A group of that name that exists already belongs to another supervisor.
    if (::mkdir(path.c_str(), 0755) != 0) return;
    path_ = path;
    if (::access((path_ + "/cgroup.kill").c_str(), W_OK) == 0) {
        procs_ = UniqueFd(::open((path_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    }
    if (!procs_) {
        ::rmdir(path_.c_str());
        path_.clear();
    }
}

JobCgroup::~JobCgroup() {
    if (!path_.empty()) ::rmdir(path_.c_str());
}

void JobCgroup::kill() const {
    if (path_.empty()) return;
    const UniqueFd file(::open((path_ + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
    if (file) static_cast<void>(!::write(file.get(), "1", 1));
}

}  // namespace executors::helper
