#include "runner/job/transfer_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/task.hpp"

namespace runner::job {

using protocol::http::BodySource;

namespace {

constexpr std::chrono::seconds kShortest{1};

/// The number without its unit's "B", with `decimals` where it has a prefix.
std::string with_prefix(double number, int decimals) {
    constexpr double kStep = 1000;
    constexpr std::string_view kPrefixes = "KMGTPE";
    if (number < kStep) return fmt::format("{} ", static_cast<std::uint64_t>(number));
    std::size_t prefix = 0;
    number /= kStep;
    while (number >= kStep && prefix + 1 < kPrefixes.size()) {
        number /= kStep;
        ++prefix;
    }
    return fmt::format("{:.{}f} {}", number, decimals, kPrefixes[prefix]);
}

base::Task<base::Result<std::string>> next_counted(std::shared_ptr<BodySource> body,
                                                   std::shared_ptr<TransferMeter> meter) {
    auto reading = (*body)();
    auto piece = co_await std::move(reading);
    if (piece && !piece->empty()) meter->count(piece->size());
    co_return std::move(piece);
}

base::Task<base::Result<std::string>> next_metered(std::shared_ptr<BodySource> body,
                                                   std::shared_ptr<TransferMeter> meter) {
    auto reading = next_counted(std::move(body), meter);
    auto piece = co_await std::move(reading);
    if (!piece || piece->empty()) meter->finish();
    co_return std::move(piece);
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
    return with_prefix(static_cast<double>(bytes), 2) + "B";
}

std::string rate_text(std::uint64_t bytes, std::chrono::nanoseconds time) {
    const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-9);
    return with_prefix(static_cast<double>(bytes) / seconds, 1) + "B/s";
}

TransferMeter::TransferMeter(executors::JobLog& log, std::string label,
                             std::chrono::nanoseconds frequency, Now now)
    : log_(log),
      label_(std::move(label)),
      frequency_(std::max<std::chrono::nanoseconds>(frequency, kShortest)),
      now_(std::move(now)),
      start_(now_()),
      next_(start_) {}

TransferMeter::~TransferMeter() { finish(); }

std::string TransferMeter::text() const {
    return fmt::format("{} {} ({})", label_, size_text(bytes_), rate_text(bytes_, now_() - start_));
}

void TransferMeter::count(std::uint64_t bytes) {
    bytes_ += bytes;
    if (finished_ || now_() < next_) return;
    next_ = now_() + std::chrono::duration_cast<Clock::duration>(frequency_);
    log_.progress(text(), false);
}

void TransferMeter::finish() {
    if (std::exchange(finished_, true) || bytes_ == 0) return;
    log_.progress(text(), true);
}

std::shared_ptr<TransferMeter> make_meter(executors::JobLog& log, std::string label,
                                          std::chrono::nanoseconds frequency) {
    if (frequency <= std::chrono::nanoseconds::zero()) return nullptr;
    return std::make_shared<TransferMeter>(log, std::move(label), frequency);
}

BodySource counted(BodySource body, std::shared_ptr<TransferMeter> meter) {
    if (!meter) return body;
    const auto source = std::make_shared<BodySource>(std::move(body));
    return [source, meter = std::move(meter)] { return next_counted(source, meter); };
}

BodySource metered(BodySource body, executors::JobLog& log, std::string label,
                   std::chrono::nanoseconds frequency) {
    const auto meter = make_meter(log, std::move(label), frequency);
    if (!meter) return body;
    const auto source = std::make_shared<BodySource>(std::move(body));
    return [source, meter] { return next_metered(source, meter); };
}

}  // namespace runner::job
