#include "runner/job/watched_log.hpp"

#include <algorithm>

namespace runner::job {

void WatchedLog::wait(std::string_view what, bool begins) {
    std::string name = log_.masked(what);
    if (begins) {
        waits_.push_back(std::move(name));
    } else if (const auto found = std::find(waits_.begin(), waits_.end(), name);
               found != waits_.end()) {
        waits_.erase(found);
    }
    state_.waits_for.clear();
    for (const auto& wait : waits_) {
        if (!state_.waits_for.empty()) state_.waits_for += ", ";
        state_.waits_for += wait;
    }
}

}  // namespace runner::job
