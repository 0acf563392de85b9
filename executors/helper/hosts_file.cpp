#include "executors/helper/hosts_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

/// net.cacheMaxAge of Go, and some slack for the clocks' steps.
constexpr std::int64_t kMaxAgeMs = 5'000 + 50;
constexpr std::string_view kChoice = "netdns=";

template <typename T>
bool read_at(int fd, off_t offset, T& value) {
    return ::pread(fd, &value, sizeof value, offset) == static_cast<ssize_t>(sizeof value);
}

bool is_native_program(const ElfW(Ehdr) & header) {
    constexpr int kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == kClass;
}

/// Whether an entry of the dynamic section asks for a library.
bool needs_library(int fd, const ElfW(Phdr) & segment) {
    ElfW(Dyn) entry{};
    for (std::size_t at = 0; at + sizeof entry <= segment.p_filesz; at += sizeof entry) {
        if (!read_at(fd, static_cast<off_t>(segment.p_offset + at), entry)) return false;
        if (entry.d_tag == DT_NEEDED) return true;
        if (entry.d_tag == DT_NULL) return false;
    }
    return false;
}

bool is_linked_to_libraries(const std::string& program) {
    const UniqueFd file(::open(program.c_str(), O_RDONLY | O_CLOEXEC));
    ElfW(Ehdr) header{};
    if (!file || !read_at(file.get(), 0, header) || !is_native_program(header)) return false;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        ElfW(Phdr) segment{};
        const auto offset = header.e_phoff + std::size_t{i} * sizeof segment;
        if (!read_at(file.get(), static_cast<off_t>(offset), segment)) return false;
        if (segment.p_type == PT_DYNAMIC) return needs_library(file.get(), segment);
    }
    return false;
}

std::optional<std::int64_t> changed_us(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000 + status.st_mtim.tv_nsec / 1'000;
}

/// The last choice of a resolver in GODEBUG, which is the one that counts.
std::string_view chosen_resolver(std::string_view godebug) {
    const auto begin = godebug.rfind(kChoice);
    if (begin == std::string_view::npos) return {};
    const auto value = godebug.substr(begin + kChoice.size());
    return value.substr(0, value.find(','));
}

}  // namespace

std::string choose_libc_resolver(const std::string& godebug) {
    if (!chosen_resolver(godebug).empty()) return godebug;
    return godebug + (godebug.empty() ? "" : ",") + std::string(kChoice) + "cgo";
}

bool reads_hosts_each_time(const std::string& program, const std::string& godebug) {
    return chosen_resolver(godebug).substr(0, 3) == "cgo" && is_linked_to_libraries(program);
}

void prepare_resolver(const std::string& dockerd, const HostsFile& file) {
    const std::string godebug = choose_libc_resolver(environment_or("GODEBUG", ""));
    ::setenv("GODEBUG", godebug.c_str(), 1);
    ::unlink(file.stamp.c_str());
    if (reads_hosts_each_time(dockerd, godebug)) return;
    // Without a stamp nobody waits, which is what other runners do.
    const UniqueFd stamp(::open(file.stamp.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

std::int64_t ms_until_hosts_are_read(const HostsFile& file) {
    const auto engine = changed_us(file.stamp);
    const auto hosts = changed_us(file.path);
    if (!engine || !hosts || *hosts <= *engine) return 0;
    const std::int64_t age = (now_us() - *hosts) / 1'000;
    return age < 0 ? kMaxAgeMs : std::max<std::int64_t>(kMaxAgeMs - age, 0);
}

void wait_until_hosts_are_read(const HostsFile& file) {
    const std::int64_t until = monotonic_ms() + ms_until_hosts_are_read(file);
    for (std::int64_t left = 0; (left = until - monotonic_ms()) > 0;) {
        ::poll(nullptr, 0, static_cast<int>(left));
    }
}

}  // namespace executors::helper
