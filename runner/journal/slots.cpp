#include "runner/journal/slots.hpp"

#include <algorithm>

namespace runner::journal {

namespace {

/// Jobs choose projects: what is remembered stays bounded.
constexpr std::size_t kMostRemembered = 1000;

int lowest_free(const std::set<int>& used) {
    int number = 0;
    while (used.contains(number)) ++number;
    return number;
}

int take_lowest(std::set<int>& used) {
    const int number = lowest_free(used);
    used.insert(number);
    return number;
}

}  // namespace

Slot SlotTable::acquire(const std::string& runner, SlotOwner owner) {
    auto& of_project = by_project_[{runner, owner.project}];
    Slot slot;
    slot.concurrent_id = take_lowest(by_runner_[runner]);
    slot.concurrent_project_id = warmest_free(runner, owner);
    of_project.insert(slot.concurrent_project_id);
    remember(runner, owner, slot.concurrent_project_id);
    return slot;
}

int SlotTable::warmest_free(const std::string& runner, SlotOwner owner) const {
    const auto found = by_project_.find({runner, owner.project});
    for (const Use& use : used_) {
        if (use.project != owner.project || use.protected_ref != owner.protected_ref) continue;
        if (use.runner != runner) continue;
        if (found == by_project_.end() || !found->second.contains(use.number)) return use.number;
    }
    return found == by_project_.end() ? 0 : lowest_free(found->second);
}

void SlotTable::remember(const std::string& runner, SlotOwner owner, int number) {
    std::erase_if(used_, [&](const Use& use) {
        return use.project == owner.project && use.protected_ref == owner.protected_ref &&
               use.number == number && use.runner == runner;
    });
    used_.push_front({runner, owner.project, owner.protected_ref, number});
    if (used_.size() > kMostRemembered) used_.pop_back();
}

void SlotTable::occupy(const std::string& runner, SlotOwner owner, Slot slot) {
    by_runner_[runner].insert(slot.concurrent_id);
    by_project_[{runner, owner.project}].insert(slot.concurrent_project_id);
    remember(runner, owner, slot.concurrent_project_id);
}

void SlotTable::release(const std::string& runner, std::int64_t project, Slot slot) {
    // After leave() the number may be in use again already.
    if (leaving_by_runner_[runner].erase(slot.concurrent_id) == 0) {
        by_runner_[runner].erase(slot.concurrent_id);
    }
    if (leaving_by_project_[{runner, project}].erase(slot.concurrent_project_id) == 0) {
        by_project_[{runner, project}].erase(slot.concurrent_project_id);
    }
}

void SlotTable::leave(const std::string& runner, std::int64_t project, Slot slot) {
    by_runner_[runner].erase(slot.concurrent_id);
    by_project_[{runner, project}].erase(slot.concurrent_project_id);
    leaving_by_runner_[runner].insert(slot.concurrent_id);
    leaving_by_project_[{runner, project}].insert(slot.concurrent_project_id);
}

bool SlotTable::is_held(const std::string& runner, std::int64_t project, Slot slot) const {
    const auto of_runner = leaving_by_runner_.find(runner);
    const auto of_project = leaving_by_project_.find({runner, project});
    return (of_runner != leaving_by_runner_.end() &&
            of_runner->second.contains(slot.concurrent_id)) ||
           (of_project != leaving_by_project_.end() &&
            of_project->second.contains(slot.concurrent_project_id));
}

int SlotTable::in_use(const std::string& runner) const {
    const auto found = by_runner_.find(runner);
    return found == by_runner_.end() ? 0 : static_cast<int>(found->second.size());
}

}  // namespace runner::journal
