#include "protocol/http/watchdog.hpp"

#include <boost/asio/steady_timer.hpp>
#include <algorithm>
#include <utility>

namespace protocol::http {

struct Watchdog::State : std::enable_shared_from_this<State> {
    State(const boost::asio::any_io_executor& executor, TimePoint until)
        : timer(executor), end(until) {}

    void arm(TimePoint when) {
        if (expired || when == current) return;
        current = when;
        if (when == TimePoint::max()) {
            timer.cancel();
            return;
        }
        timer.expires_at(when);
        auto on_time = [self = shared_from_this(), when](const boost::system::error_code& code) {
            // The handler of a timer that was moved after it had expired still runs: check
            // `current`.
            if (code || self->current != when) return;
            self->expired = true;
            if (self->closer) self->closer();
        };
        timer.async_wait(std::move(on_time));
    }

    boost::asio::steady_timer timer;
    TimePoint end;
    TimePoint current = TimePoint::max();
    std::function<void()> closer;
    bool expired = false;
};

Watchdog::Watchdog(const boost::asio::any_io_executor& executor, TimePoint end)
    : state_(std::make_shared<State>(executor, end)) {
    state_->arm(end);
}

Watchdog::~Watchdog() {
    state_->closer = nullptr;
    state_->arm(TimePoint::max());
}

void Watchdog::guard(std::function<void()> closer) { state_->closer = std::move(closer); }

void Watchdog::allow(std::chrono::nanoseconds limit) {
    const auto when = std::chrono::steady_clock::now() +
                      std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
    state_->arm(std::min(when, state_->end));
}

void Watchdog::allow_rest() { state_->arm(state_->end); }
Watchdog::TimePoint Watchdog::end() const { return state_->end; }
bool Watchdog::expired() const { return state_->expired; }

}  // namespace protocol::http
