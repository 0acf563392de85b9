#include "runner/pipeline/state/resource_groups.hpp"

namespace runner::pipeline::state {
namespace {

bool occupies_resource(Status status) {
    return status == Status::kPending || status == Status::kRunning ||
           status == Status::kCanceling || status == Status::kPreparing;
}

}  // namespace

bool ResourceGroups::is_occupied(const std::string& group) const {
    const auto found = groups_.find(group);
    return found != groups_.end() && found->second.occupied > 0;
}

std::optional<std::size_t> ResourceGroups::change(const std::string& name, std::size_t position,
                                                  Status before, Status after) {
    Group& group = groups_[name];
    if (before == Status::kWaitingForResource) group.waiting.erase(position);
    if (after == Status::kWaitingForResource) group.waiting.insert(position);
    if (occupies_resource(before)) --group.occupied;
    if (occupies_resource(after)) ++group.occupied;
    if (group.occupied > 0 || group.waiting.empty()) return std::nullopt;
    return *group.waiting.begin();
}

}  // namespace runner::pipeline::state
