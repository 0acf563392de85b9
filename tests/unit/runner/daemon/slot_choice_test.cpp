#include "runner/daemon/slot_choice.hpp"

#include <gtest/gtest.h>

namespace runner::daemon {
namespace {

TEST(SlotChoiceTest, GoesWhereAnEnvironmentWaits) {
    const SlotWishes ready{.ready = {{2, 1}, {0, 0}}, .others = {0, 1, 2}, .places = 4};
    const struct {
        const char* what;
        SlotWishes wishes;
        UsedNumbers used;
        int number;
        int of_project;
    } rows[] = {
        {"no wishes", {}, {}, 0, 0},
        {"no wishes, others run", {}, {{0, 2}, {0}, 1}, 1, 1},
        {"the first one that is ready", ready, {}, 2, 1},
        {"the next one", ready, {{2}, {}}, 0, 0},
        {"its number of the project is taken", ready, {{3}, {1}}, 0, 0},
        {"none is free: those of others stay", ready, {{0, 2}, {}}, 3, 0},
        {"as long as there are places", ready, {{0, 2, 3}, {}}, 1, 0},
    };
    for (const auto& row : rows) {
        const auto slot = choose_slot(row.wishes, row.used);
        EXPECT_EQ(slot.concurrent_id, row.number) << row.what;
        EXPECT_EQ(slot.concurrent_project_id, row.of_project) << row.what;
    }
}

}  // namespace
}  // namespace runner::daemon
