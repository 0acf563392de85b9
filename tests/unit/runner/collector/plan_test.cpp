#include "runner/collector/plan.hpp"

#include <gtest/gtest.h>

namespace runner::collector {
namespace {

constexpr std::uint64_t kGib = 1ULL << 30U;

status::DiskState disk(std::uint64_t size, std::uint64_t free, std::uint64_t inodes = 0,
                       std::uint64_t free_inodes = 0) {
    status::DiskState made;
    made.size_bytes = size;
    made.free_bytes = free;
    made.inodes = inodes;
    made.free_inodes = free_inodes;
    return made;
}

Marks marks(const std::string& below, const std::string& until, const std::string& pause) {
    config::DiskSettings settings;
    settings.collect_below = below;
    settings.collect_until = until;
    settings.pause_below = pause;
    EXPECT_TRUE(settings.space().has_value());
    return marks_of(settings);
}

Item item(const std::string& name, std::int64_t used, std::optional<std::uint64_t> bytes) {
    Item made;
    made.name = name;
    made.last_used_unix_micros = used;
    made.bytes = bytes;
    return made;
}

TEST(DiskShortage, BeginsBelowOneMarkAndEndsAtTheOther) {
    const Marks all = marks("10%", "20%", "5%");
    const std::uint64_t size = 100 * kGib;
    EXPECT_FALSE(shortage_to_collect(disk(size, 10 * kGib), all).any());
    EXPECT_EQ(shortage_to_collect(disk(size, 9 * kGib), all).bytes, 11 * kGib);
    EXPECT_EQ(shortage_until_enough(disk(size, 15 * kGib), all).bytes, 5 * kGib);
    EXPECT_FALSE(shortage_until_enough(disk(size, 20 * kGib), all).any());
}

TEST(DiskShortage, CountsTheSmallerOneOfPartAndSize) {
    const Marks all = marks("10%, 50GB", "20%, 60GB", "5%, 5GB");
    EXPECT_FALSE(shortage_to_collect(disk(4096 * kGib, 51 * kGib), all).any());
    EXPECT_TRUE(shortage_to_collect(disk(4096 * kGib, 49 * kGib), all).any());
    EXPECT_TRUE(shortage_to_collect(disk(100 * kGib, 9 * kGib), all).any());
}

TEST(DiskShortage, CountsInodesWhereTheirNumberIsFixed) {
    const Marks all = marks("10%", "20%", "5%");
    EXPECT_EQ(shortage_to_collect(disk(100, 100, 1000, 99), all).inodes, 51U);
    EXPECT_FALSE(shortage_to_collect(disk(100, 100, 1000, 100), all).any());
    EXPECT_FALSE(shortage_to_collect(disk(100, 100, 0, 0), all).any());
    EXPECT_TRUE(shortage_to_pause(disk(100, 100, 1000, 29), all, false).any());
    EXPECT_FALSE(shortage_to_pause(disk(100, 100, 0, 0), all, false).any());
}

TEST(DiskShortage, EndsAPauseWithMoreRoomThanItBeganWith) {
    const Marks all = marks("10%", "20%", "5%");
    EXPECT_FALSE(shortage_to_pause(disk(1000, 50), all, false).any());
    EXPECT_TRUE(shortage_to_pause(disk(1000, 49), all, false).any());
    EXPECT_TRUE(shortage_to_pause(disk(1000, 59), all, true).any());
    EXPECT_FALSE(shortage_to_pause(disk(1000, 60), all, true).any());
}

TEST(DiskShortage, LastsWhileJobsWaitForRoom) {
    const Marks all = marks("16%", "19%", "18%");
    EXPECT_FALSE(shortage_to_collect(disk(1000, 176), all).any());
    EXPECT_EQ(shortage_to_collect(disk(1000, 176), all, true).bytes, 40U);
    EXPECT_EQ(shortage_until_enough(disk(1000, 200), all, true).bytes, 16U);
    EXPECT_FALSE(shortage_to_collect(disk(1000, 216), all, true).any());
    EXPECT_FALSE(shortage_to_collect(disk(1000, 10), marks("0", "0", "18%"), true).any());
}

TEST(DiskShortage, EndsAPauseAtTheLatestWhenEverythingIsFree) {
    const Marks all = marks("0", "0", "90%");
    EXPECT_TRUE(shortage_to_pause(disk(1000, 999), all, true).any());
    EXPECT_FALSE(shortage_to_pause(disk(1000, 1000), all, true).any());
}

TEST(DiskShortage, IsNeverThatOfADiskThatWasNotMeasured) {
    const Marks all = marks("50GB", "60GB", "5GB");
    EXPECT_FALSE(shortage_to_pause(disk(0, 0), all, true).any());
    EXPECT_FALSE(shortage_to_collect(disk(0, 0), all).any());
}

TEST(DiskShortage, IsOffWithMarksOfZero) {
    const Marks all = marks("0", "0", "0");
    EXPECT_FALSE(shortage_to_pause(disk(1000, 0), all, true).any());
    EXPECT_FALSE(shortage_to_collect(disk(1000, 0), all).any());
}

TEST(DiskShortage, IsToldWithWhatEndsIt) {
    const Marks all = marks("10%", "20%", "5%");
    EXPECT_EQ(shortage_text(disk(100 * kGib, 4 * kGib), all),
              "4.0 GiB (4.0 %) are free; jobs are taken again from 6.0 GiB on");
    EXPECT_EQ(shortage_text(disk(100 * kGib, 50 * kGib, 1000, 10), all),
              "10 inodes (1.0 %) are free; jobs are taken again from 36 on");
}

TEST(CollectionPlan, PutsTheOutdatedFirstAndThenTheLongestUnused) {
    std::vector<Item> items{item("new", 3, 1), item("old", 1, 1), item("helper", 9, 1),
                            item("same", 1, 1)};
    items[2].outdated = true;
    arrange(items, 1'000'000'000'000);
    std::string order;
    for (const Item& each : items) order += each.name + " ";
    EXPECT_EQ(order, "helper old same new ");
}

TEST(CollectionPlan, KeepsWhatWasUsedJustNow) {
    constexpr std::int64_t kNow = 1'000'000'000'000;
    std::vector<Item> items{item("now", kNow - 119'000'000, 1), item("then", kNow - 121'000'000, 1),
                            item("clock set back", kNow + 3'600'000'000, 1)};
    arrange(items, kNow);
    EXPECT_EQ(items[0].kept, "");
    EXPECT_EQ(items[1].kept, "just used");
    EXPECT_EQ(items[2].kept, "") << "a wrong clock must not keep things for ever";
}

TEST(CollectionPlan, CountsWhatHasToGoBySizes) {
    std::vector<Item> items{item("a", 1, 10), item("b", 2, 10), item("c", 3, 10)};
    EXPECT_EQ(count_to_remove(items, {.bytes = 0, .inodes = 0}), 0U);
    EXPECT_EQ(count_to_remove(items, {.bytes = 10, .inodes = 0}), 1U);
    EXPECT_EQ(count_to_remove(items, {.bytes = 11, .inodes = 0}), 2U);
    EXPECT_EQ(count_to_remove(items, {.bytes = 99, .inodes = 0}), 3U);
    items[0].kept = "in use";
    EXPECT_EQ(count_to_remove(items, {.bytes = 10, .inodes = 0}), 1U);
    EXPECT_EQ(count_to_remove(items, {.bytes = 0, .inodes = 1}), 2U) << "sizes tell no inodes";
    items[1].bytes.reset();
    EXPECT_EQ(count_to_remove(items, {.bytes = 1, .inodes = 0}), 2U);
}

}  // namespace
}  // namespace runner::collector
