#include "runner/daemon/request_limit.hpp"

#include <algorithm>
#include <cmath>

namespace runner::daemon {

void AdaptiveRequestLimit::record(Outcome outcome, int configured) {
    switch (outcome) {
        case Outcome::kJob: value_ *= 1.1; break;
        case Outcome::kNoJob: value_ *= 0.95; break;
        case Outcome::kServerTrouble: value_ *= 0.5; break;
    }
    value_ = std::clamp(value_, 1.0, static_cast<double>(std::max(1, configured)));
}

int AdaptiveRequestLimit::limit(int configured, bool adaptive) const {
    const int ceiling = std::max(1, configured);
    if (!adaptive) return ceiling;
    return std::clamp(static_cast<int>(std::ceil(value_)), 1, ceiling);
}

}  // namespace runner::daemon
