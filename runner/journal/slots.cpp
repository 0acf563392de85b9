#include "runner/journal/slots.hpp"

namespace runner::journal {

namespace {

int take_lowest(std::set<int>& used) {
    int number = 0;
    while (used.contains(number)) ++number;
    used.insert(number);
    return number;
}

}  // namespace

Slot SlotTable::acquire(const std::string& runner, std::int64_t project) {
    return Slot{.concurrent_id = take_lowest(by_runner_[runner]),
                .concurrent_project_id = take_lowest(by_project_[{runner, project}])};
}

void SlotTable::occupy(const std::string& runner, std::int64_t project, Slot slot) {
    by_runner_[runner].insert(slot.concurrent_id);
    by_project_[{runner, project}].insert(slot.concurrent_project_id);
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
