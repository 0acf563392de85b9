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

/// Decides what of a running job's log is sent when. Pure: time comes in, the next act comes out.
///
/// A round is due every interval and sends everything that is there, in patches of at most 1 MiB. A
/// script's first bytes start a round of their own (expedite()), and what follows them within a
/// quarter second another: the first is often only the echo of the command. A job that has sent
/// nothing for ten seconds is touched with an empty update: the official runner does so after
/// thirty, but the answer is the only way to learn of a cancel, and with the server's 60 s interval
/// for unwatched jobs a user would wait a minute for it.
class UploadSchedule {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    struct Action {
        enum class Kind { kWait, kPatch, kTouch };
        Kind kind = Kind::kWait;
        std::uint64_t offset = 0;  ///< kPatch
        std::size_t bytes = 0;     ///< kPatch
        TimePoint until;           ///< kWait: unless more arrives that is urgent
    };

    UploadSchedule(UploadTimes times, std::uint64_t confirmed_bytes, TimePoint now);

    /// `available`: how much of the log may be sent.
    [[nodiscard]] Action next(TimePoint now, std::uint64_t available) const;
    /// What comes beyond `available` shall be seen at once.
    void expedite(std::uint64_t available) { urgent_beyond_ = available; }

    /// A patch that ended at `end` was answered; `available` is as of now.
    void patched(TimePoint now, const protocol::gitlab::PatchResult& result, std::uint64_t end,
                 std::uint64_t available);
    void touched(TimePoint now, const protocol::gitlab::UpdateResult& result);

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
    std::optional<std::uint64_t> urgent_beyond_;
    TimePoint paced_;  ///< the requests so far, spread evenly, end here
};

/// Decides how the job's end is reported (runner-protocol.md §4.6). Pure.
class FinalReport {
  public:
    struct Action {
        enum class Kind {
            kPatch,   ///< send from `offset`
            kUpdate,  ///< send the outcome
            kWait,    ///< for `delay`, then ask again
            kDone,
        };
        Kind kind = Kind::kDone;
        std::uint64_t offset = 0;
        std::chrono::milliseconds delay{};
    };
    enum class End {
        kOpen,
        kReported,  ///< the server has the outcome
        kUnwanted,  ///< it does not want it: canceled, erased, unknown job
        kGivenUp,   ///< it could not be told within the tries
    };

    FinalReport(std::uint64_t confirmed_bytes, std::uint64_t size, int tries);

    [[nodiscard]] Action next() const;
    void patched(const protocol::gitlab::PatchResult& result, std::uint64_t end);
    void updated(const protocol::gitlab::UpdateResult& result);
    void waited() { delay_ = std::chrono::milliseconds(0); }
    [[nodiscard]] End end() const { return end_; }

  private:
    void failed();
    void pause(const protocol::gitlab::JobSignals& signals);

    std::uint64_t sent_ = 0;
    std::uint64_t size_ = 0;
    int tries_left_ = 0;
    std::chrono::milliseconds backoff_{1000};
    std::chrono::milliseconds delay_{};
    bool log_given_up_ = false;
    int mismatches_ = 0;  ///< answers 416 in a row
    int accepted_ = 0;    ///< answers 202
    int resets_ = 0;      ///< answers 412
    End end_ = End::kOpen;
};

}  // namespace runner::trace
