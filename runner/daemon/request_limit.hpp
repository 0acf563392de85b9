#pragma once

namespace runner::daemon {

/// How many jobs/request calls of one token may be under way at once (runner-protocol.md §6.3): it
/// starts at one, grows while jobs come, shrinks when none do and faster when the server is in
/// trouble.
class AdaptiveRequestLimit {
  public:
    enum class Outcome { kJob, kNoJob, kServerTrouble };

    void record(Outcome outcome, int configured);
    [[nodiscard]] int limit(int configured, bool adaptive) const;
    [[nodiscard]] double value() const { return value_; }

  private:
    double value_ = 0;
};

}  // namespace runner::daemon
