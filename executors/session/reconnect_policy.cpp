#include "executors/session/reconnect_policy.hpp"

#include <algorithm>

namespace executors::session {

using base::ErrorKind;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kFirstPause{20};
constexpr milliseconds kLongestPause{2000};
constexpr int kGarbledTries = 3;
/// A connection that lasted so long worked, also when a quiet job sent nothing.
constexpr std::chrono::seconds kProvenAfter{2};

}  // namespace

bool ReconnectPolicy::is_hopeless(const Attempt& attempt) {
    const bool violation = attempt.error.is(ErrorKind::kProtocol);
    const bool garbled = violation && !attempt.has_delivered_record;
    garbled_ = garbled ? garbled_ + 1 : 0;
    if (attempt.error.is(ErrorKind::kNotFound)) return true;
    return violation && (!garbled || garbled_ > kGarbledTries);
}

std::optional<milliseconds> ReconnectPolicy::next_pause(const Attempt& attempt,
                                                        Clock::time_point now) {
    const bool worked = attempt.has_delivered || attempt.lasted > kProvenAfter;
    if (worked) {
        pause_ = milliseconds(0);
        lost_at_ = now;
    }
    if (is_hopeless(attempt) || attempt.shutting_down || now - lost_at_ > give_up_) {
        return std::nullopt;
    }
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    return pause_;
}

}  // namespace executors::session
