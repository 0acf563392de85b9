#include "executors/helper/cores.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <thread>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

/// "" when the file cannot be read: then there is no limit.
std::string read_text(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return "";
    try {
        return read_all(file.get());
    } catch (const Failure&) {
        return "";
    }
}

/// The path of the process's group below the mount point; "" without cgroup v2.
std::string control_group() {
    for (const std::string& line : split_text(read_text("/proc/self/cgroup"), '\n')) {
        if (line.starts_with("0::")) return line.substr(3);
    }
    return "";
}

}  // namespace

unsigned cores_of_quota(std::string_view cpu_max) {
    const auto blank = cpu_max.find(' ');
    if (blank == std::string_view::npos) return 0;
    std::uint64_t quota = 0;
    std::uint64_t period = 0;
    const char* const end = cpu_max.data() + cpu_max.size();
    std::from_chars(cpu_max.data(), cpu_max.data() + blank, quota);
    std::from_chars(cpu_max.data() + blank + 1, end, period);
    if (quota == 0 || period == 0) return 0;
    return static_cast<unsigned>(std::min<std::uint64_t>((quota + period - 1) / period, 4096));
}

unsigned usable_cores() {
    const unsigned present = std::max(1U, std::thread::hardware_concurrency());
    const unsigned quota =
        cores_of_quota(read_text("/sys/fs/cgroup" + control_group() + "/cpu.max"));
    return quota == 0 ? present : std::min(present, quota);
}

}  // namespace executors::helper
