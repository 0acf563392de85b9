#include "runner/daemon/slot_choice.hpp"

namespace runner::daemon {

namespace {

int lowest_free(const std::set<int>& used, const std::set<int>& avoided = {}) {
    int number = 0;
    while (used.contains(number) || avoided.contains(number)) ++number;
    return number;
}

}  // namespace

journal::Slot choose_slot(const SlotWishes& wishes, const UsedNumbers& used) {
    for (const auto& slot : wishes.ready) {
        const bool taken = used.of_runner.contains(slot.concurrent_id) ||
                           used.of_project.contains(slot.concurrent_project_id);
        if (!taken) return slot;
    }
    journal::Slot slot;
    slot.concurrent_id = lowest_free(used.of_runner, wishes.others);
    if (slot.concurrent_id >= wishes.places) slot.concurrent_id = lowest_free(used.of_runner);
    slot.concurrent_project_id = used.warmest_of_project;
    return slot;
}

}  // namespace runner::daemon
