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
};

/// The first slot of `wishes.ready` that is free; else the lowest free numbers, those of others
/// only when there are no others. Pure.
journal::Slot choose_slot(const SlotWishes& wishes, const UsedNumbers& used);

}  // namespace runner::daemon
