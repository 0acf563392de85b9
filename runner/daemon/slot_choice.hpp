#pragma once

#include <optional>
#include <set>
#include <vector>

#include "runner/journal/slots.hpp"

namespace runner::daemon {

/// What a new job would like its slot to be.
struct SlotWishes {
    std::vector<journal::Slot> ready;  ///< of its project: an environment waits there
    std::set<int> others;              ///< numbers of the runner that environments of others have
    int places = 0;                    ///< numbers below this one may be given in their stead
};

/// The numbers that running jobs have.
struct UsedNumbers {
    std::set<int> of_runner;
    std::set<int> of_project;
    int warmest_of_project = 0;  ///< SlotTable::warmest_free()
};

/// The first slot of `wishes.ready` that is free; else the warmest number of the project,
/// and the lowest free one of the runner: one that an environment of others has only when there is
/// no other. Pure.
journal::Slot choose_slot(const SlotWishes& wishes, const UsedNumbers& used);

}  // namespace runner::daemon
