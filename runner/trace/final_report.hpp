#pragma once

#include <chrono>
#include <cstdint>

#include "protocol/gitlab/responses.hpp"

namespace runner::trace {

/// Decides how the end of a job is reported (runner-protocol.md §4.6). Pure: the time is given.
///
/// The outcome is more important than the rest of the log. It goes out when the server refuses the
/// log (end_log()), and when no byte of the log has arrived for kLogLimit. When the outcome fails,
/// too, the server is away: the log comes first again in the next try.
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
        kUnwanted,  ///< the server does not want it: canceled, erased or unknown job
        kGivenUp,   ///< all tries have failed
    };

    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kLogLimit{60};

    /// `tries`: how often the outcome is sent at most.
    FinalReport(std::uint64_t confirmed_bytes, std::uint64_t size, int tries, TimePoint now);

    [[nodiscard]] Action next() const;
    void patched(TimePoint now, const protocol::gitlab::PatchResult& result, std::uint64_t end);
    /// The server does not take the log: only the outcome is sent.
    void end_log() {
        log_.ended = true;
        delay_ = std::chrono::milliseconds(0);
    }
    /// The size of the beginning of the log that the server has.
    [[nodiscard]] std::uint64_t sent_bytes() const { return log_.sent; }
    [[nodiscard]] std::uint64_t log_bytes() const { return log_.size; }
    /// Whether the server has the whole log. Without it, checksum and size of the log must not be
    /// reported: the server would ask for the log again.
    [[nodiscard]] bool log_is_complete() const { return log_.sent == log_.size; }
    void updated(const protocol::gitlab::UpdateResult& result);
    void waited() { delay_ = std::chrono::milliseconds(0); }
    [[nodiscard]] End end() const { return end_; }

  private:
    void failed();
    void log_failed(TimePoint now);
    void pause(const protocol::gitlab::JobSignals& signals);

    struct Log {
        std::uint64_t sent = 0;
        std::uint64_t size = 0;
        std::uint64_t furthest = 0;  ///< the largest value of `sent`
        TimePoint progress;          ///< when the last bytes arrived
        std::chrono::milliseconds backoff{1000};
        int mismatches = 0;    ///< answers 416 without progress
        bool ended = false;    ///< for good
        bool skipped = false;  ///< until the outcome was tried
    };

    Log log_;
    int tries_left_ = 0;
    std::chrono::milliseconds backoff_{1000};
    std::chrono::milliseconds delay_{};
    int accepted_ = 0;  ///< answers 202
    int resets_ = 0;    ///< answers 412
    End end_ = End::kOpen;
};

}  // namespace runner::trace
