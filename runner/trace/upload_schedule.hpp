#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/gitlab/responses.hpp"

namespace runner::trace {

struct UploadTimes {
    std::chrono::milliseconds interval{3000};  ///< between rounds, until the server names another
    std::chrono::milliseconds touch_after{10'000};
    /// FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL: four intervals, within 30 s and 30 min.
    bool dynamic_touch = false;
    std::size_t max_patch_bytes = 1U << 20U;
    /// GitLab refuses more than 200 requests a minute of one job by default.
    unsigned requests_per_minute = 150;
    unsigned burst = 30;
};

/// Decides which part of a running job's log is sent, and when. Pure: the time is given, the next
/// action is answered.
///
/// A round is due once per interval and sends all available bytes, in patches of at most 1 MiB. The
/// first bytes of a script start an extra round (expedite()), and the bytes that follow within a
/// quarter of a second another one, because the first bytes are often only the echo of the command.
/// When nothing was sent for ten seconds, the job is touched with an empty update. The official
/// runner waits thirty; but only an answer of the server tells that the job was cancelled, and with
/// the interval of 60 s for unwatched jobs a user would wait a minute for the cancellation.
class UploadSchedule {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    struct Action {
        enum class Kind { kWait, kPatch, kTouch };
        Kind kind = Kind::kWait;
        std::uint64_t offset = 0;  ///< kPatch
        std::size_t bytes = 0;     ///< kPatch
        TimePoint until;           ///< kWait; urgent bytes end the wait earlier
    };

    UploadSchedule(UploadTimes times, std::uint64_t confirmed_bytes, TimePoint now);

    /// `available`: the size of the part of the log that may be sent.
    [[nodiscard]] Action next(TimePoint now, std::uint64_t available) const;
    /// The bytes after `available` are urgent: they are sent at once.
    void expedite(std::uint64_t available) { urgent_beyond_ = available; }

    /// A patch that ends at `end` was answered; `available` is the present size.
    void patched(TimePoint now, const protocol::gitlab::PatchResult& result, std::uint64_t end,
                 std::uint64_t available);
    void touched(TimePoint now, const protocol::gitlab::UpdateResult& result);
    /// The server does not take the log: no more patches, only touches.
    void end_log() { log_ended_ = true; }

    [[nodiscard]] std::uint64_t confirmed_bytes() const { return confirmed_; }
    [[nodiscard]] std::chrono::milliseconds interval() const { return interval_; }

  private:
    void count_request(TimePoint now);
    void end_round(TimePoint now);
    [[nodiscard]] bool round_due(TimePoint now, std::uint64_t available) const;
    [[nodiscard]] TimePoint request_allowed_at() const;
    [[nodiscard]] std::chrono::milliseconds touch_after() const;
    void read_signals(TimePoint now, const protocol::gitlab::JobSignals& signals);

    UploadTimes times_;
    std::chrono::milliseconds interval_;
    std::uint64_t confirmed_ = 0;
    TimePoint next_touch_;
    TimePoint next_round_;
    bool in_round_ = false;    ///< more patches follow at once
    bool mismatched_ = false;  ///< the server named another offset in this round
    bool log_ended_ = false;
    std::optional<std::uint64_t> urgent_beyond_;
    /// The end of the requests so far if they were spread evenly over the time.
    TimePoint paced_;
};

}  // namespace runner::trace
