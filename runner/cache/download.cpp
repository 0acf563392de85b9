#include "runner/cache/download.hpp"

#include <fmt/format.h>

namespace runner::cache {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kPieceBytes = 256U << 10U;
constexpr unsigned kPartialContent = 206;

}  // namespace

Call Download::call() const {
    Call call;
    call.request = calls_.provider().request(object_);
    call.request.method = "GET";
    call.object = object_;
    if (!found_.etag.empty()) call.request.headers.emplace_back("if-match", found_.etag);
    if (offset_ > 0) call.request.headers.emplace_back("range", fmt::format("bytes={}-", offset_));
    return call;
}

Task<Result<void>> Download::open_once() {
    auto opening = calls_.open(call());
    auto answer = co_await std::move(opening);
    if (!answer) co_return answer.error();
    if (offset_ > 0 && (*answer)->head().status != kPartialContent) {
        co_return base::make_error(
            ErrorKind::kProtocol,
            "the transfer was cut, and the storage does not send the rest alone");
    }
    answer_ = std::move(*answer);
    co_return Result<void>();
}

Task<Result<void>> Download::open() {
    while (true) {
        auto trying = open_once();
        auto opened = co_await std::move(trying);
        if (opened) co_return std::move(opened);
        auto waiting = calls_.wait_for_next(++failures_, opened.error());
        auto waited = co_await std::move(waiting);
        if (!waited) co_return waited.error();
    }
}

/// One try to read from the connection that is open.
Task<Result<std::string>> Download::read() {
    auto reading = answer_->read_some(kPieceBytes);
    auto piece = co_await std::move(reading);
    if (piece && piece->empty() && offset_ < found_.bytes)
        co_return base::make_error(ErrorKind::kUnavailable, "the transfer ended too early");
    co_return std::move(piece);
}

Task<Result<std::string>> Download::next() {
    while (true) {
        if (!answer_) {
            auto opening = open();
            auto opened = co_await std::move(opening);
            if (!opened) co_return opened.error();
        }
        auto reading = read();
        auto piece = co_await std::move(reading);
        if (piece) {
            offset_ += piece->size();
            failures_ = 0;
            co_return std::move(piece);
        }
        answer_.reset();
        auto waiting = calls_.wait_for_next(++failures_, piece.error());
        auto waited = co_await std::move(waiting);
        if (!waited) co_return waited.error();
    }
}

}  // namespace runner::cache
