#include "runner/job/cache_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace runner::job {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Action = CacheTransfer::Action;

constexpr std::size_t kCaches = 3;

TEST(CacheReport, CountsEachCacheOnce) {
    EXPECT_THAT(parse_cache_report("cache-restore 0 hit 700\n"
                                   "cache-restore 1 miss 0\n"
                                   "cache-restore 2 failed 0\n",
                                   kCaches),
                ElementsAre(CacheTransfer{Action::kRestore, "hit", 700},
                            CacheTransfer{Action::kRestore, "miss", 0},
                            CacheTransfer{Action::kRestore, "failed", 0}));
    EXPECT_THAT(parse_cache_report("cache-save 0 saved 31\n"
                                   "cache-save 1 unchanged 0\n"
                                   "cache-save 2 empty 0\n",
                                   kCaches),
                ElementsAre(CacheTransfer{Action::kSave, "saved", 31},
                            CacheTransfer{Action::kSave, "unchanged", 0},
                            CacheTransfer{Action::kSave, "empty", 0}));
}

TEST(CacheReport, JoinsTheFallbacksOfACache) {
    EXPECT_THAT(parse_cache_report("cache-restore 0 miss 0\n"
                                   "cache-restore 0 miss 0\n"
                                   "cache-restore 0 hit 9\n"
                                   "cache-restore 1 failed 0\n"
                                   "cache-restore 1 miss 0\n"
                                   "cache-restore 2 miss 0\n"
                                   "cache-restore 2 failed 0\n",
                                   kCaches),
                ElementsAre(CacheTransfer{Action::kRestore, "fallback", 9},
                            CacheTransfer{Action::kRestore, "failed", 0},
                            CacheTransfer{Action::kRestore, "failed", 0}));
}

TEST(CacheReport, LeavesOutWhatIsNotInItsForm) {
    for (const std::string line :
         {"", "cache-restore", "cache-restore 0 hit", "cache-restore 0 hit 1 2", "other 0 hit 1",
          "cache-restore 0 unknown 1", "cache-restore 0 saved 1", "cache-save 0 hit 1",
          "cache-restore 3 hit 1", "cache-restore -1 hit 1", "cache-restore 0 hit -1",
          "cache-restore 0 hit 1x", "cache-restore 0 hit 18446744073709551615",
          "cache-restore 0 hit 99999999999999999999"}) {
        EXPECT_THAT(parse_cache_report(line + "\n", kCaches), IsEmpty()) << line;
    }
}

}  // namespace
}  // namespace runner::job
