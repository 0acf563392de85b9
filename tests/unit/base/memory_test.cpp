#include "base/memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace base {
namespace {

/// Constant data, much larger than the range that the kernel maps around a touched page: since
/// Linux 6.18 that is the whole folio of the page cache, up to 2 MiB.
constexpr std::array<char, 16UL * 1024 * 1024> kConstants{{'a', 'b', 'c'}};
constexpr std::size_t kStep = 1024;
std::array<char, 4> written{{'d', 'e', 'f'}};

std::size_t resident_pages() {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(kConstants.data()) & ~(page - 1);
    std::size_t pages = 0;
    // mincore() is about the page cache; /proc/self/pagemap shows what this process has mapped.
    const int map = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    for (std::uintptr_t at = begin; at < begin + kConstants.size(); at += page) {
        std::uint64_t entry = 0;
        const auto place = static_cast<off_t>(at / page * sizeof entry);
        if (::pread(map, &entry, sizeof entry, place) == sizeof entry) pages += entry >> 63U;
    }
    ::close(map);
    return pages;
}

TEST(Memory, ReleasesConstantPagesThatCanBeReadAgain) {
    volatile char sum = 0;
    for (std::size_t at = 0; at < kConstants.size(); at += kStep)
        sum = static_cast<char>(sum + kConstants[at]);
    const std::size_t before = resident_pages();
    ASSERT_GE(before, 4000U);
    written[3] = 'g';
    release_idle_memory();
    EXPECT_LT(resident_pages(), before / 2);
    EXPECT_EQ(kConstants[1], 'b');
    EXPECT_EQ(kConstants.back(), '\0');
    EXPECT_EQ(written[3], 'g');
}

}  // namespace
}  // namespace base
