#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace tests {

/// A clock that a test moves by hand. Both of its times go on together.
class ManualClock final : public base::Clock {
  public:
    [[nodiscard]] std::chrono::steady_clock::time_point now() const override { return now_; }
    [[nodiscard]] std::int64_t unix_micros() const override { return unix_micros_; }
    void advance(std::chrono::microseconds by) {
        now_ += by;
        unix_micros_ += by.count();
    }

  private:
    std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
    std::int64_t unix_micros_ = 1'800'000'000'000'000;
};

}  // namespace tests
