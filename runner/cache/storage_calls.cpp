#include "runner/cache/storage_calls.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/utf8.hpp"
#include "protocol/http/resumed_response.hpp"
#include "protocol/object_storage/error_body.hpp"

namespace runner::cache {

namespace http = protocol::http;
using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr unsigned kTries = 3;
constexpr std::chrono::milliseconds kPause{1000};
constexpr std::size_t kMostRefusalBytes = 16U << 10U;
constexpr std::size_t kShownRegionBytes = 100;

ErrorKind kind_of(unsigned status) {
    if (status == 404) return ErrorKind::kNotFound;
    if (status == 401 || status == 403) return ErrorKind::kForbidden;
    if (status == 412) return ErrorKind::kConflict;
    if (http::is_temporary_status(status)) return ErrorKind::kUnavailable;
    return ErrorKind::kProtocol;
}

bool is_success(unsigned status) { return status >= 200 && status < 300; }

/// A failure to get credentials is final: who gives them was asked already.
base::Error without_credentials(base::Error why) {
    if (!why.is(ErrorKind::kCancelled)) why.kind = ErrorKind::kConfiguration;
    return why;
}

Task<base::Error> read_refusal(http::StreamingResponse& answer) {
    http::Response refused = answer.head();
    while (refused.body.size() < kMostRefusalBytes) {
        auto piece = co_await answer.read_some(kMostRefusalBytes);
        if (!piece || piece->empty()) break;  // the status says enough without the text
        refused.body += *piece;
    }
    co_return refusal(refused);
}

}  // namespace

base::Error refusal(const http::Response& answer) {
    std::string text = fmt::format("{} {}", answer.status, answer.reason);
    if (answer.reason.empty()) text = fmt::format("{}", answer.status);
    const std::string said = protocol::object_storage::error_text(answer.body);
    if (!said.empty()) text += " (" + said + ")";
    // S3 names the right region of a bucket that was asked for in another one.
    if (const auto region = answer.headers.get("x-amz-bucket-region");
        !region.empty() && (answer.status == 301 || answer.status == 400))
        text += fmt::format("; the bucket is in {}: set BucketLocation",
                            base::cut_utf8(region, kShownRegionBytes));
    return base::make_error(kind_of(answer.status), std::move(text));
}

ClientMaker client_maker(const boost::asio::any_io_executor& executor,
                         http::ClientOptions options) {
    return [executor, options = std::move(options)](const std::string& endpoint) {
        http::ClientOptions own = options;
        own.endpoint = endpoint;
        return http::make_client(executor, std::move(own));
    };
}

Result<http::Client*> StorageCalls::client_for(const http::Origin& origin) {
    const std::string endpoint = origin.text();
    auto& client = clients_[endpoint];
    if (!client) {
        auto made = make_client_(endpoint);
        if (!made) return made.error();
        client = std::move(*made);
    }
    return client.get();
}

Task<Result<http::Request>> StorageCalls::prepare(const Call& call) {
    auto signing = provider_->authorise(call.request, call.purpose, call.object);
    auto authorised = co_await std::move(signing);
    if (!authorised) co_return without_credentials(authorised.error());
    http::Request request = protocol::object_storage::to_http(*authorised);
    if (call.content) {
        request.source = call.content();
        request.headers.set("Content-Length", std::to_string(call.content_bytes));
    } else {
        request.body = call.body;
    }
    co_return std::move(request);
}

Task<Result<SignedUrl>> StorageCalls::sign_url(Call call) {
    auto signing =
        provider_->sign_url(std::move(call.request), call.purpose, std::move(call.object));
    auto url = co_await std::move(signing);
    if (!url) co_return without_credentials(url.error());
    co_return std::move(url);
}

Task<Result<http::Response>> StorageCalls::send_once(const Call& call) {
    auto client = client_for(call.request.origin);
    if (!client) co_return client.error();
    auto preparing = prepare(call);
    auto request = co_await std::move(preparing);
    if (!request) co_return request.error();
    auto sending = (*client)->send(std::move(*request));
    auto answer = co_await std::move(sending);
    if (answer && !is_success(answer->status)) co_return refusal(*answer);
    co_return std::move(answer);
}

bool StorageCalls::may_sign_better(const base::Error& why, Purpose purpose) {
    return why.is(ErrorKind::kForbidden) && provider_->doubt_credentials(purpose);
}

Task<Result<http::Response>> StorageCalls::send_signed(const Call& call) {
    auto trying = send_once(call);
    auto answer = co_await std::move(trying);
    if (answer || !may_sign_better(answer.error(), call.purpose)) co_return std::move(answer);
    auto again = send_once(call);
    auto answered = co_await std::move(again);
    co_return std::move(answered);
}

Task<Result<http::Response>> StorageCalls::send(Call call) {
    for (unsigned number = 1;; ++number) {
        auto trying = send_signed(call);
        auto answer = co_await std::move(trying);
        if (answer) co_return std::move(answer);
        auto waiting = wait_for_next(number, answer.error());
        auto waited = co_await std::move(waiting);
        if (!waited) co_return waited.error();
    }
}

Task<Result<std::unique_ptr<http::StreamingResponse>>> StorageCalls::open(Call call) {
    auto trying = open_once(call);
    auto answer = co_await std::move(trying);
    if (answer || !may_sign_better(answer.error(), call.purpose)) co_return std::move(answer);
    auto again = open_once(call);
    auto answered = co_await std::move(again);
    co_return std::move(answered);
}

Task<Result<std::unique_ptr<http::StreamingResponse>>> StorageCalls::open_once(const Call& call) {
    auto client = client_for(call.request.origin);
    if (!client) co_return client.error();
    auto preparing = prepare(call);
    auto request = co_await std::move(preparing);
    if (!request) co_return request.error();
    auto opening = (*client)->open(std::move(*request));
    auto answer = co_await std::move(opening);
    if (!answer || is_success((*answer)->head().status)) co_return std::move(answer);
    auto reading = read_refusal(**answer);
    auto refused = co_await std::move(reading);
    co_return std::move(refused);
}

Task<Result<void>> StorageCalls::wait_for_next(unsigned number, base::Error why) {
    if (!http::is_temporary(why) || number >= kTries) co_return why;
    tell(why, kPause);
    auto sleeping = sleep_(kPause);
    const bool slept = co_await std::move(sleeping);
    if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped before the next try");
    co_return Result<void>();
}

}  // namespace runner::cache
