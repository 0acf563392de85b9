#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "executors/job_log.hpp"
#include "protocol/http/message.hpp"

namespace runner::job {

/// Tells in the job log how far a transfer is (TRANSFER_METER_FREQUENCY, job-runtime.md §2.4): when
/// bytes pass and the time has come, and at the end.
///
/// Life: one try of a transfer; `log` outlives it. It may be destroyed at any time: a line that was
/// begun is ended then. Strand: the I/O thread.
class TransferMeter {
  public:
    using Clock = std::chrono::steady_clock;
    using Now = std::function<Clock::time_point()>;

    /// `label`: "Uploading artifacts". `frequency`: more than zero; less than a second is one.
    TransferMeter(executors::JobLog& log, std::string label, std::chrono::nanoseconds frequency,
                  Now now = Clock::now);
    ~TransferMeter();
    TransferMeter(const TransferMeter&) = delete;
    TransferMeter& operator=(const TransferMeter&) = delete;

    void count(std::uint64_t bytes);
    void finish();

  private:
    [[nodiscard]] std::string text() const;

    executors::JobLog& log_;
    const std::string label_;
    const std::chrono::nanoseconds frequency_;
    const Now now_;
    const Clock::time_point start_;
    Clock::time_point next_;
    std::uint64_t bytes_ = 0;
    bool finished_ = false;
};

/// Null when `frequency` is zero.
std::shared_ptr<TransferMeter> make_meter(executors::JobLog& log, std::string label,
                                          std::chrono::nanoseconds frequency);
/// `body`, whose bytes `meter` counts: one of several parts of a transfer, which are sent at the
/// same time. As it is when `meter` is null.
protocol::http::BodySource counted(protocol::http::BodySource body,
                                   std::shared_ptr<TransferMeter> meter);
/// `body` with a meter of its own; as it is when `frequency` is zero.
protocol::http::BodySource metered(protocol::http::BodySource body, executors::JobLog& log,
                                   std::string label, std::chrono::nanoseconds frequency);

/// Sizes as "12.34 MB" and rates as "12.3 MB/s": powers of 1000, whole numbers below that.
std::string size_text(std::uint64_t bytes);
std::string rate_text(std::uint64_t bytes, std::chrono::nanoseconds time);

}  // namespace runner::job
