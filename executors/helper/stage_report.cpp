#include "executors/helper/stage_report.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "executors/helper/protocol.hpp"

namespace executors::helper {

namespace {

/// Above the descriptors that scripts and shells use for themselves.
constexpr int kLowestFd = 100;

}  // namespace

UniqueFd make_report() {
    const UniqueFd file(::memfd_create("report", MFD_CLOEXEC));
    if (!file) return UniqueFd();
    return UniqueFd(::fcntl(file.get(), F_DUPFD_CLOEXEC, kLowestFd));
}

std::string report_variable(int fd) {
    return std::string(kReportVariable) + "=" + std::to_string(fd);
}

std::string read_report(int fd) {
    if (fd < 0) return {};
    std::string text(kReportBytes, '\0');
    const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

void report_line(const std::string& line) {
    const std::string fd = environment_or(std::string(kReportVariable).c_str(), "");
    if (!fd.empty()) static_cast<void>(write_all(std::atoi(fd.c_str()), line + "\n"));
}

void report_cache(std::string_view action, std::string_view result, std::uint64_t bytes) {
    // Without the line, a transfer is not counted; the cache itself is as it should be.
    report_line(std::string(action) + " " + environment_or(kCacheNumberVariable, "0") + " " +
                std::string(result) + " " + std::to_string(bytes));
}

}  // namespace executors::helper
