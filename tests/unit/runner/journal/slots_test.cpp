#include "runner/journal/slots.hpp"

#include <gtest/gtest.h>

namespace {

using runner::journal::Slot;
using runner::journal::SlotOwner;
using runner::journal::SlotTable;

TEST(SlotTable, GivesTheLowestFreeNumbers) {
    SlotTable slots;
    const Slot first = slots.acquire("t", {1});
    const Slot second = slots.acquire("t", {1});
    const Slot other_project = slots.acquire("t", {2});
    EXPECT_EQ(first.concurrent_id, 0);
    EXPECT_EQ(second.concurrent_project_id, 1);
    EXPECT_EQ(other_project.concurrent_id, 2);
    EXPECT_EQ(other_project.concurrent_project_id, 0);
    slots.release("t", 1, first);
    EXPECT_EQ(slots.acquire("t", {2}).concurrent_id, 0);
    EXPECT_EQ(slots.in_use("t"), 3);
    EXPECT_EQ(slots.in_use("unknown"), 0);
}

TEST(SlotTable, PrefersTheFreeNumberThatJobsOfTheSameProtectionUsedLast) {
    constexpr SlotOwner kOpen{1, false};
    constexpr SlotOwner kProtected{1, true};
    SlotTable slots;
    const Slot zero = slots.acquire("t", kOpen);
    const Slot one = slots.acquire("t", kProtected);
    slots.release("t", 1, zero);
    slots.release("t", 1, one);
    const Slot again = slots.acquire("t", kProtected);
    EXPECT_EQ(again.concurrent_project_id, 1) << "0 has never served a protected ref";
    EXPECT_EQ(slots.acquire("t", kProtected).concurrent_project_id, 0) << "the lowest free one";
    EXPECT_EQ(slots.acquire("t", kOpen).concurrent_project_id, 2) << "0 is not free";
    EXPECT_EQ(slots.acquire("other", kOpen).concurrent_project_id, 0);
    slots.release("t", 1, again);
    EXPECT_EQ(slots.acquire("t", kOpen).concurrent_project_id, 1);
}

TEST(SlotTable, ForgetsWhatWasUsedLongAgo) {
    SlotTable slots;
    const Slot first = slots.acquire("t", {1});
    const Slot second = slots.acquire("t", {1});
    slots.release("t", 1, second);
    slots.release("t", 1, first);
    EXPECT_EQ(slots.acquire("t", {1}).concurrent_project_id, 1);
    slots.release("t", 1, second);
    for (int project = 2; project < 1100; ++project)
        slots.release("t", project, slots.acquire("t", {project}));
    EXPECT_EQ(slots.acquire("t", {1}).concurrent_project_id, 0);
}

TEST(SlotTable, ARestoredJobKeepsItsNumbers) {
    SlotTable slots;
    slots.occupy("t", {1}, Slot{.concurrent_id = 1, .concurrent_project_id = 0});
    EXPECT_EQ(slots.acquire("t", {1}).concurrent_id, 0);
    EXPECT_EQ(slots.acquire("t", {1}).concurrent_id, 2);
}

TEST(SlotTable, ANumberAfterLeaveIsReusedAndHeldUntilRelease) {
    SlotTable slots;
    const Slot first = slots.acquire("t", {1});
    slots.leave("t", 1, first);
    EXPECT_EQ(slots.in_use("t"), 0);
    EXPECT_TRUE(slots.is_held("t", 1, first));
    EXPECT_FALSE(slots.is_held("other", 1, first));

    const Slot second = slots.acquire("t", {1});
    EXPECT_EQ(second.concurrent_id, first.concurrent_id);
    EXPECT_TRUE(slots.is_held("t", 1, second));
    slots.release("t", 1, first);
    EXPECT_FALSE(slots.is_held("t", 1, second));
    EXPECT_EQ(slots.in_use("t"), 1);
    slots.release("t", 1, second);
    EXPECT_EQ(slots.in_use("t"), 0);
}

}  // namespace
