#include "executors/helper/bolt_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr std::uint32_t kMagic = 0xED0CDAED;
constexpr std::uint32_t kVersion = 2;
constexpr std::uint32_t kBehindPageHeader = 16;
constexpr std::uint32_t kSmallestPage = 512;

/// Written in turn to the first two pages, in the byte order of the machine.
struct Head {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t page_size;
    std::uint32_t flags;
    std::uint64_t root;
    std::uint64_t sequence;
    std::uint64_t free_list;
    std::uint64_t pages;  ///< behind the last one in use
    std::uint64_t transaction;
    std::uint64_t checksum;
};
static_assert(sizeof(Head) == 64);

/// FNV-1a of what stands before the checksum.
std::uint64_t checksum_of(const Head& head) {
    std::uint64_t sum = 0xCBF29CE484222325ULL;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&head);
    for (std::size_t i = 0; i < offsetof(Head, checksum); ++i)
        sum = (sum ^ bytes[i]) * 0x100000001B3ULL;
    return sum;
}

std::optional<Head> valid_head(const Head& head) {
    const bool valid = head.magic == kMagic && head.version == kVersion &&
                       head.page_size >= kSmallestPage && head.checksum == checksum_of(head);
    return valid ? std::optional<Head>(head) : std::nullopt;
}

std::optional<Head> head_at(int file, off_t page) {
    Head head{};
    const ssize_t count = ::pread(file, &head, sizeof head, page + kBehindPageHeader);
    if (count != static_cast<ssize_t>(sizeof head)) return std::nullopt;
    return valid_head(head);
}

std::optional<Head> head_in(std::string_view file, std::size_t page) {
    Head head{};
    const std::size_t at = page + kBehindPageHeader;
    if (file.size() < at + sizeof head) return std::nullopt;
    std::memcpy(&head, file.data() + at, sizeof head);
    return valid_head(head);
}

/// Of the two heads, the one that was written last.
std::optional<Head> newest(const std::optional<Head>& first, const std::optional<Head>& second) {
    const bool later = second && (!first || second->transaction > first->transaction);
    return later ? second : first;
}

std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

bool is_bolt_database(int directory, const std::string& name) {
    const UniqueFd file(
        ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if (status.st_size == 0) return true;  // made anew
    // Pages are as large as those of memory.
    const auto head =
        newest(head_at(file.get(), 0), head_at(file.get(), static_cast<off_t>(page_size())));
    return head && head->pages <= static_cast<std::uint64_t>(status.st_size) / head->page_size;
}

std::optional<BoltRoot> find_bolt_root(std::string_view file) {
    const auto head = newest(head_in(file, 0), head_in(file, page_size()));
    if (!head) return std::nullopt;
    return BoltRoot{head->page_size, head->root};
}

}  // namespace executors::helper
