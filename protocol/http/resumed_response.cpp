#include "protocol/http/resumed_response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/stop_source.hpp"

namespace protocol::http {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr unsigned kTries = 3;
constexpr unsigned kMostCuts = 50;
constexpr std::chrono::milliseconds kPause{1000};

ResumedBody::OnRetry without_pause(ResumedResponse::OnResume on_resume) {
    if (!on_resume) return {};
    return
        [on_resume = std::move(on_resume)](const base::Error& why, std::uint64_t offset,
                                           std::chrono::milliseconds) { on_resume(why, offset); };
}

ResumedBody::Open with_range(ResumedResponse::Open open, std::string version) {
    return [open = std::move(open), version = std::move(version)](std::uint64_t offset) {
        Headers range;
        range.set("Range", fmt::format("bytes={}-", offset));
        range.set("If-Range", version);
        return open(std::move(range));
    };
}

}  // namespace

std::string version_of(const Response& head) {
    if (head.status != 200 || head.headers.get("Accept-Ranges") == "none") return "";
    const std::string_view tag = head.headers.get("ETag");
    if (!tag.empty() && !tag.starts_with("W/")) return std::string(tag);
    return std::string(head.headers.get("Last-Modified"));
}

bool begins_at(const Response& head, std::uint64_t offset) {
    return head.status == 206 &&
           head.headers.get("Content-Range").starts_with(fmt::format("bytes {}-", offset));
}

bool is_temporary(const base::Error& error) {
    return error.is(ErrorKind::kUnavailable) || error.is(ErrorKind::kTimeout);
}

bool is_temporary_status(unsigned status) {
    return status == 408 || status == 429 || status >= 500;
}

ResumedBody::ResumedBody(Open open, Options options, std::unique_ptr<StreamingResponse> first)
    : open_(std::move(open)),
      options_(std::move(options)),
      current_(std::move(first)),
      offset_(options_.begin) {}

Task<bool> ResumedBody::sleep_for(std::chrono::nanoseconds delay) { return base::sleep_for(delay); }

/// The whole body is right, too, when nothing of it is there yet.
bool ResumedBody::is_right(const Response& head) const {
    return (offset_ == 0 && head.status == 200) || begins_at(head, offset_);
}

/// One try; a failure that is not temporary is final.
Task<Result<void>> ResumedBody::open_once() {
    auto opening = open_(offset_);
    auto answer = co_await std::move(opening);
    if (!answer) co_return answer.error();
    const Response& head = (*answer)->head();
    if (is_temporary_status(head.status))
        co_return base::make_error(ErrorKind::kUnavailable,
                                   fmt::format("{} {}", head.status, head.reason));
    if (!is_right(head)) {
        co_return base::make_error(
            ErrorKind::kConflict,
            fmt::format("the server does not send the rest alone ({})", head.status));
    }
    current_ = std::move(*answer);
    co_return Result<void>();
}

Task<Result<void>> ResumedBody::open_again(base::Error why) {
    for (; tries_ < kTries && is_temporary(why); ++tries_) {
        const auto pause = kPause * tries_;
        if (options_.on_retry) options_.on_retry(why, offset_, pause);
        auto sleeping = options_.sleep(pause);
        const bool waited = co_await std::move(sleeping);
        if (!waited) co_return base::make_error(ErrorKind::kCancelled, "stopped");
        auto trying = open_once();
        auto opened = co_await std::move(trying);
        if (opened) {
            ++tries_;
            co_return Result<void>();
        }
        if (!is_temporary(opened.error())) co_return opened.error().with_context(why.message);
        why = opened.error();
    }
    co_return why;
}

bool ResumedBody::has_whole() const { return current_ && current_->head().status == 200; }

std::unique_ptr<StreamingResponse> ResumedBody::take_answer() { return std::move(current_); }

Task<Result<void>> ResumedBody::open() {
    if (current_) co_return Result<void>();
    auto trying = open_once();
    auto opened = co_await std::move(trying);
    if (opened) co_return std::move(opened);
    tries_ = 1;
    auto again = open_again(opened.error());
    auto done = co_await std::move(again);
    co_return std::move(done);
}

/// One try to read from the connection that is open. A body that ends too early was cut; one that
/// is complete ends here, whatever else the server sends or does not send.
Task<Result<std::string>> ResumedBody::read_once(std::size_t limit) {
    if (options_.end && offset_ >= *options_.end) co_return std::string();
    auto reading = current_->read_some(limit);
    auto piece = co_await std::move(reading);
    if (!piece || !options_.end) co_return std::move(piece);
    const std::uint64_t left = *options_.end - offset_;
    if (piece->empty())
        co_return base::make_error(ErrorKind::kUnavailable, "the transfer ended too early");
    piece->resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece->size(), left)));
    co_return std::move(piece);
}

Task<Result<std::string>> ResumedBody::read_some(std::size_t limit) {
    while (true) {
        auto reading = read_once(limit);
        auto piece = co_await std::move(reading);
        if (piece) {
            offset_ += piece->size();
            if (!piece->empty()) tries_ = 0;
            co_return std::move(piece);
        }
        const bool goes_on = piece.error().is(ErrorKind::kUnavailable) && ++cuts_ <= kMostCuts;
        if (!goes_on) co_return piece.error();
        auto opening = open_again(piece.error());
        auto opened = co_await std::move(opening);
        if (!opened) co_return opened.error();
    }
}

ResumedResponse::ResumedResponse(std::unique_ptr<StreamingResponse> first, Open open,
                                 OnResume on_resume, ResumedBody::Sleep sleep)
    : head_(first->head()) {
    std::string version = version_of(head_);
    if (version.empty()) {
        plain_ = std::move(first);
        return;
    }
    ResumedBody::Options options;
    options.on_retry = without_pause(std::move(on_resume));
    if (sleep) options.sleep = std::move(sleep);
    body_.emplace(with_range(std::move(open), std::move(version)), std::move(options),
                  std::move(first));
}

Task<Result<std::string>> ResumedResponse::read_some(std::size_t limit) {
    return plain_ ? plain_->read_some(limit) : body_->read_some(limit);
}

}  // namespace protocol::http
