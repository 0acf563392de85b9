#pragma once

#include <chrono>
#include <cstdint>

#include "protocol/gitlab/responses.hpp"

namespace runner::trace {

/// Decides how the end of a job is reported (runner-protocol.md §4.6). Pure.
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
