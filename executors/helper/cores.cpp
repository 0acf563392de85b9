#include "executors/helper/cores.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>

#include "executors/helper/posix.hpp"
#include "executors/helper/process_tree.hpp"

namespace executors::helper {

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
    const std::string group = own_cgroup();
    const unsigned quota =
        group.empty() ? 0 : cores_of_quota(read_file_end(group + "/cpu.max", 256));
    return quota == 0 ? present : std::min(present, quota);
}

unsigned usable_cores(const char* variable) {
    const unsigned cores = usable_cores();
    const char* const text = std::getenv(variable);
    if (text == nullptr) return cores;
    unsigned most = 0;
    const std::string_view number(text);
    const auto read = std::from_chars(number.data(), number.data() + number.size(), most);
    const bool whole = read.ec == std::errc{} && read.ptr == number.data() + number.size();
    return whole && most > 0 ? std::min(cores, most) : cores;
}

}  // namespace executors::helper
