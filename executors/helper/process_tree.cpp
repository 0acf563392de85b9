#include "executors/helper/process_tree.hpp"

#include <dirent.h>
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
bool read_process(const std::string& pid, Process& process) {
    const std::string text = read_file_end("/proc/" + pid + "/stat", 1024);
    const auto end = text.rfind(')');
    if (end == std::string::npos || end + 4 >= text.size()) return false;
    process.zombie = text[end + 2] == 'Z';
    process.parent = static_cast<pid_t>(std::strtol(text.c_str() + end + 4, nullptr, 10));
    return true;
}

std::unordered_map<pid_t, Process> read_all() {
    std::unordered_map<pid_t, Process> all;
    DIR* listing = ::opendir("/proc");
    if (listing == nullptr) return all;
    while (const dirent* entry = ::readdir(listing)) {
        const std::string name = entry->d_name;
        Process process;
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (read_process(name, process)) {
            all.emplace(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)), process);
        }
    }
    ::closedir(listing);
    return all;
}

/// The directory of this process's own group in the v2 hierarchy, "" without one.
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

}  // namespace

std::vector<pid_t> find_descendants() {
    const pid_t self = ::getpid();
    const auto all = read_all();
    std::vector<pid_t> found;
    for (const auto& [pid, process] : all) {
        if (pid == self || process.zombie) continue;
        auto ancestor = all.find(process.parent);
        // The bound is against a loop in a picture that was taken while it changed.
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
    // One of that name is somebody else's, to be left alone.
    if (::mkdir(path.c_str(), 0755) != 0) return;
    path_ = path;
    if (::access((path_ + "/cgroup.kill").c_str(), W_OK) == 0) {
        procs_ = Fd(::open((path_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
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
    const Fd file(::open((path_ + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
    if (file) static_cast<void>(!::write(file.get(), "1", 1));
}

}  // namespace executors::helper
