#include "runner/cache/download.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/run_together.hpp"

namespace runner::cache {

namespace http = protocol::http;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kPieceBytes = 256U << 10U;
constexpr std::uint64_t kMostInMemory = 16ULL << 20U;

}  // namespace

Download::Download(StorageCalls& calls, std::string object, StoredObject found, TransferSizes sizes)
    : calls_(calls),
      object_(std::move(object)),
      found_(std::move(found)),
      range_bytes_(std::min(sizes.part_bytes, kMostInMemory / std::max(sizes.at_once, 1U))),
      at_once_(sizes.at_once) {}

bool Download::in_ranges() const {
    return at_once_ > 1 && !found_.etag.empty() && found_.bytes.value_or(0) > 2 * range_bytes_;
}

/// The content of a part of the object; for the whole of it, no range is asked for at first.
http::ResumedBody Download::body_of(Range range,
                                    std::unique_ptr<http::StreamingResponse> first) const {
    auto open = [this, range](std::uint64_t offset) {
        Call call;
        call.request = calls_.provider().request(object_);
        call.request.method = "GET";
        call.object = object_;
        if (!found_.etag.empty()) call.request.headers.emplace_back("if-match", found_.etag);
        const bool to_the_end = range.end == found_.bytes;
        if (offset > 0 || !to_the_end) {
            call.request.headers.emplace_back(
                "range", to_the_end ? fmt::format("bytes={}-", offset)
                                    : fmt::format("bytes={}-{}", offset, *range.end - 1));
        }
        return calls_.open(std::move(call));
    };
    http::ResumedBody::Options options;
    options.begin = range.begin;
    options.end = range.end;
    options.sleep = calls_.sleep();
    options.on_retry = [this](const base::Error& why, std::uint64_t,
                              std::chrono::milliseconds pause) { calls_.tell(why, pause); };
    return {std::move(open), std::move(options), std::move(first)};
}

Task<Result<void>> Download::open() {
    if (in_ranges()) return open_in_ranges();
    body_.emplace(body_of({0, found_.bytes}));
    return body_->open();
}

/// The first answer shows whether the storage knows ranges.
Task<Result<void>> Download::open_in_ranges() {
    first_range_.emplace(body_of({0, range_bytes_}));
    auto opening = first_range_->open();
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    if (first_range_->has_whole()) {
        body_.emplace(body_of({0, found_.bytes}, first_range_->take_answer()));
        co_return Result<void>();
    }
    auto fetching = fetch_batch();
    auto fetched = co_await std::move(fetching);
    co_return std::move(fetched);
}

Task<Result<void>> Download::fetch_range(http::ResumedBody body, std::string& content) {
    auto opening = body.open();
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    content.reserve(static_cast<std::size_t>(range_bytes_));
    while (true) {
        auto reading = body.read_some(kPieceBytes);
        auto piece = co_await std::move(reading);
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return Result<void>();
        content += *piece;
    }
}

Task<Result<void>> Download::fetch_batch() {
    std::vector<Task<Result<void>>> tasks;
    while (batch_.size() < at_once_ && fetched_ < *found_.bytes) {
        const Range range{fetched_, std::min(fetched_ + range_bytes_, *found_.bytes)};
        batch_.emplace_back();
        tasks.push_back(
            fetch_range(fetched_ == 0 ? std::move(*first_range_) : body_of(range), batch_.back()));
        fetched_ = *range.end;
    }
    auto fetching = base::run_together(std::move(tasks));
    auto done = co_await std::move(fetching);
    co_return std::move(done);
}

Task<Result<std::string>> Download::next_of_batch() {
    if (batch_.empty() && fetched_ < *found_.bytes) {
        auto fetching = fetch_batch();
        auto done = co_await std::move(fetching);
        if (!done) co_return done.error();
    }
    if (batch_.empty()) co_return std::string();
    std::string content = std::move(batch_.front());
    batch_.pop_front();
    co_return content;
}

Task<Result<std::string>> Download::next() {
    return body_ ? body_->read_some(kPieceBytes) : next_of_batch();
}

}  // namespace runner::cache
