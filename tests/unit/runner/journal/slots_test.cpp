#include "runner/journal/slots.hpp"

#include <gtest/gtest.h>

namespace {

using runner::journal::Slot;
using runner::journal::SlotTable;

TEST(SlotTable, GivesTheLowestFreeNumbers) {
    SlotTable slots;
    const Slot first = slots.acquire("t", 1);
    const Slot second = slots.acquire("t", 1);
    const Slot other_project = slots.acquire("t", 2);
    EXPECT_EQ(first.concurrent_id, 0);
    EXPECT_EQ(second.concurrent_project_id, 1);
    EXPECT_EQ(other_project.concurrent_id, 2);
    EXPECT_EQ(other_project.concurrent_project_id, 0);
    slots.release("t", 1, first);
    EXPECT_EQ(slots.acquire("t", 2).concurrent_id, 0);
    EXPECT_EQ(slots.in_use("t"), 3);
    EXPECT_EQ(slots.in_use("unknown"), 0);
}

TEST(SlotTable, ARestoredJobKeepsItsNumbers) {
    SlotTable slots;
    slots.occupy("t", 1, Slot{.concurrent_id = 1, .concurrent_project_id = 0});
    EXPECT_EQ(slots.acquire("t", 1).concurrent_id, 0);
    EXPECT_EQ(slots.acquire("t", 1).concurrent_id, 2);
}

TEST(SlotTable, ANumberAfterLeaveIsReusedAndHeldUntilRelease) {
    SlotTable slots;
    const Slot first = slots.acquire("t", 1);
    slots.leave("t", 1, first);
    EXPECT_EQ(slots.in_use("t"), 0);
    EXPECT_TRUE(slots.is_held("t", 1, first));
    EXPECT_FALSE(slots.is_held("other", 1, first));

    const Slot second = slots.acquire("t", 1);
    EXPECT_EQ(second.concurrent_id, first.concurrent_id);
    EXPECT_TRUE(slots.is_held("t", 1, second));
    slots.release("t", 1, first);
    EXPECT_FALSE(slots.is_held("t", 1, second));
    EXPECT_EQ(slots.in_use("t"), 1);
    slots.release("t", 1, second);
    EXPECT_EQ(slots.in_use("t"), 0);
}

}  // namespace
