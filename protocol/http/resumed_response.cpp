#include "protocol/http/resumed_response.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/stop_source.hpp"

namespace protocol::http {

using base::ErrorKind;

namespace {

constexpr unsigned kTries = 3;
constexpr unsigned kMostCuts = 50;
constexpr std::chrono::seconds kPause{1};

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

ResumedResponse::ResumedResponse(std::unique_ptr<StreamingResponse> first, Open open,
                                 OnResume on_resume)
    : current_(std::move(first)),
      head_(current_->head()),
      open_(std::move(open)),
      on_resume_(std::move(on_resume)),
      version_(version_of(head_)) {}

base::Task<base::Result<std::string>> ResumedResponse::read_some(std::size_t limit) {
    while (true) {
        auto piece = co_await current_->read_some(limit);
        if (piece) {
            offset_ += piece->size();
            tries_ = 0;
            co_return std::move(piece);
        }
        auto resumed = co_await resume(piece.error());
        if (!resumed) co_return resumed.error();
    }
}

bool ResumedResponse::can_resume(const base::Error& why) const {
    return why.is(ErrorKind::kUnavailable) && !version_.empty() && offset_ > 0 && cuts_ < kMostCuts;
}

/// Opens the rest of the body; returns `why` when that is not possible.
base::Task<base::Result<void>> ResumedResponse::resume(base::Error why) {
    if (!can_resume(why)) co_return why;
    ++cuts_;
    for (; tries_ < kTries; ++tries_) {
        if (on_resume_) on_resume_(why, offset_);
        const bool waited = co_await base::sleep_for(kPause * tries_);
        if (!waited) co_return base::make_error(ErrorKind::kCancelled, "stopped");
        Headers range;
        range.set("Range", fmt::format("bytes={}-", offset_));
        range.set("If-Range", version_);
        auto opening = open_(std::move(range));
        auto rest = co_await std::move(opening);
        if (!rest) {
            if (rest.error().is(ErrorKind::kCancelled)) co_return rest.error();
            continue;
        }
        const Response& head = (*rest)->head();
        if (head.status / 100 == 5) continue;
        if (!begins_at(head, offset_)) co_return why;
        current_ = std::move(*rest);
        ++tries_;
        co_return base::Result<void>();
    }
    co_return why;
}

}  // namespace protocol::http
