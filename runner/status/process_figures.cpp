#include "runner/status/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "base/files.hpp"

namespace runner::status {

namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessFigures process_figures() {
    ProcessFigures figures;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    if (const auto text = base::read_file("/proc/self/statm")) {
        std::istringstream in(*text);
        double virtual_pages = 0;
        double resident_pages = 0;
        in >> virtual_pages >> resident_pages;
        const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
        figures.virtual_bytes = virtual_pages * page;
        figures.resident_bytes = resident_pages * page;
    }
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", none)) {
        static_cast<void>(entry);
        ++figures.open_files;
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        figures.max_files = static_cast<double>(limit.rlim_cur);
    return figures;
}

}  // namespace runner::status
