#include "runner/local/capacity.hpp"

namespace runner::local {

void Capacity::take(const std::string& group) {
    --free_;
    ++busy_;
    if (!group.empty()) held_groups_.insert(group);
}

void Capacity::give_back(const std::string& group) {
    ++free_;
    --busy_;
    held_groups_.erase(group);
}

void Capacity::end_question() {
    asking_ = false;
    notify_changed();
}

}  // namespace runner::local
