// Calls about artifacts. Their bodies have any size, so they have their own rules for further
// tries; those of a download are its receiver's, which sees whether the body arrives whole.
#include <utility>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "protocol/gitlab/api_caller.hpp"
#include "protocol/gitlab/multipart.hpp"
#include "protocol/gitlab/retry.hpp"
#include "protocol/http/resumed_response.hpp"
#include "protocol/http/url.hpp"

namespace protocol::gitlab {

using base::ErrorKind;

namespace {

std::string upload_query(const ArtifactUpload& upload) {
    std::string query;
    const auto add = [&query](std::string_view name, const std::string& value) {
        if (value.empty()) return;
        query += query.empty() ? '?' : '&';
        query += name;
        query += '=' + base::percent_encode(value);
    };
    add("artifact_format", upload.artifact_format);
    add("artifact_type", upload.artifact_type);
    add("expire_in", upload.expire_in);
    return query;
}

constexpr unsigned kMaxRedirects = 10;

/// Where the server sends an upload with 307 or 308. The token goes there, too, as the official
/// runner sends it, but not from https to http.
base::Result<http::Url> redirected(const http::Url& here, const http::Response& answer) {
    const std::string_view location = answer.headers.get("Location");
    if (location.empty()) {
        return base::make_error(ErrorKind::kProtocol,
                                describe(answer) + ": a redirect without an address");
    }
    auto there = http::resolve_reference(here, location);
    if (!there) return there.error();
    if (here.origin.scheme == http::Scheme::kHttps &&
        there->origin.scheme != http::Scheme::kHttps) {
        return base::make_error(
            ErrorKind::kForbidden,
            "the server redirects the upload to an address without TLS: " + there->origin.text());
    }
    return there;
}

/// An error for the job's log, which has "… to coordinator..." in front of it: without the address.
base::Error upload_error(const http::Response& answer) {
    base::Error error = status_error("", answer);
    error.message = describe(answer);
    if (answer.status == 413) error.message += "; the archive is larger than the server's limit";
    return error;
}

/// A try of an upload that failed, and how long to wait for the next; nullopt: it was the last.
struct FailedTry {
    base::Error why;
    std::optional<std::chrono::milliseconds> wait;
};

FailedTry failed_upload(const base::Result<http::Response>& answer, unsigned tries,
                        const std::string& call) {
    const http::Response* response = answer ? &*answer : nullptr;
    const std::int64_t now = base::unix_micros_now() / 1'000'000;
    FailedTry failed{answer ? upload_error(*answer) : answer.error().with_context(call),
                     UploadPolicy::next_delay(tries, response, now)};
    const bool ends = failed.why.is(ErrorKind::kCancelled) || failed.why.is(ErrorKind::kForbidden);
    if (ends) failed.wait.reset();
    return failed;
}

Call upload_call(const JobCredentials& job, const ArtifactUpload& upload) {
    Call call;
    call.endpoint = "upload_artifacts";
    call.method = "POST";
    call.path = "/jobs/" + std::to_string(job.id) + "/artifacts";
    call.query = upload_query(upload);
    add_token(call.headers, "JOB-TOKEN", job.token);
    return call;
}

http::Request upload_request(const ApiCaller& caller, const Call& call, std::string target,
                             const std::string& file_name, http::BodySource content) {
    const std::string boundary = base::random_hex(30);
    http::Request request = caller.make_request(call);
    request.target = std::move(target);
    request.headers.set("Content-Type", "multipart/form-data; boundary=" + boundary);
    request.source = multipart_file(boundary, file_name, std::move(content));
    return request;
}

/// One try of an upload. A redirect that repeats it (307, 308) is followed to the address that it
/// names; each hop reads the content from its beginning.
base::Task<base::Result<http::Response>> send_upload(ApiCaller& caller, const Call& call,
                                                     const ArtifactUpload& upload) {
    auto start = http::parse_url(caller.api().endpoint + caller.api().path + call.path);
    if (!start) co_return start.error();
    http::Url here = std::move(*start);
    here.target += call.query;
    std::unique_ptr<http::Client> elsewhere;
    for (unsigned hop = 0; hop <= kMaxRedirects; ++hop) {
        auto content = upload.open();
        if (!content) co_return content.error();
        http::Request request =
            upload_request(caller, call, here.target, upload.file_name, std::move(*content));
        http::Client& peer = elsewhere ? *elsewhere : caller.http();
        auto answer = co_await peer.send(std::move(request));
        if (!answer || (answer->status != 307 && answer->status != 308)) co_return answer;
        auto next = redirected(here, *answer);
        if (!next) co_return next.error();
        if (next->origin != here.origin) {
            auto client = caller.client_for(next->origin.text());
            if (!client) co_return client.error();
            elsewhere = std::move(*client);
        }
        here = std::move(*next);
    }
    co_return base::make_error(ErrorKind::kProtocol, "stopped after 10 redirects");
}

Call download_call(const JobCredentials& job, bool direct_download) {
    Call call;
    call.endpoint = "download_artifacts";
    call.method = "GET";
    call.path = "/jobs/" + std::to_string(job.id) + "/artifacts";
    if (direct_download) call.query = "?direct_download=true";
    add_token(call.headers, "JOB-TOKEN", job.token);
    return call;
}

/// `first`, which goes on after a cut with what `call` answers to a range request.
std::unique_ptr<http::StreamingResponse> resumable(ApiCaller& caller, const Call& call,
                                                   std::unique_ptr<http::StreamingResponse> first,
                                                   http::ResumedResponse::OnResume on_resume) {
    auto open = [&caller, call](http::Headers range) {
        http::Request request = caller.make_request(call);
        for (const auto& [name, value] : range.all()) request.headers.set(name, value);
        return caller.http().open(std::move(request));
    };
    return std::make_unique<http::ResumedResponse>(std::move(first), std::move(open),
                                                   std::move(on_resume));
}

base::Task<base::Result<std::string>> read_beginning(http::StreamingResponse& answer) {
    constexpr std::size_t kEnough = 64U << 10U;
    std::string text;
    while (text.size() < kEnough) {
        auto piece = co_await answer.read_some(kEnough);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        text += *piece;
    }
    co_return std::move(text);
}

base::Task<base::Error> refused_download(std::string call, http::StreamingResponse& answer) {
    http::Response refusal = answer.head();
    auto text = co_await read_beginning(answer);
    if (text) refusal.body = std::move(*text);
    co_return status_error(call, refusal);
}

}  // namespace

base::Task<base::Result<void>> Client::upload_artifact(JobCredentials job, ArtifactUpload upload) {
    const Call call = upload_call(job, upload);
    const std::string name = caller_->name_of(call);
    const auto begin = std::chrono::steady_clock::now();
    CallRecord record{call.endpoint, call.method, 0, {}, 0, false};
    while (true) {
        ++record.attempts;
        auto answer = co_await send_upload(*caller_, call, upload);
        record.duration = std::chrono::steady_clock::now() - begin;
        record.status = answer ? answer->status : 0;
        if (answer && answer->status == 201) {
            caller_->report(record);
            co_return base::Result<void>();
        }
        FailedTry failed = failed_upload(answer, record.attempts, name);
        if (!failed.wait) {
            caller_->report(record);
            co_return failed.why;
        }
        if (upload.on_retry) upload.on_retry(failed.why, *failed.wait);
        const bool waited = co_await base::sleep_for(*failed.wait);
        if (!waited) co_return base::make_error(ErrorKind::kCancelled, name + ": stopped");
    }
}

base::Task<base::Result<std::unique_ptr<http::StreamingResponse>>> Client::download_artifact(
    JobCredentials job, ArtifactDownload download) {
    const Call call = download_call(job, download.direct);
    const std::string name = caller_->name_of(call);
    const auto begin = std::chrono::steady_clock::now();
    CallRecord record{call.endpoint, call.method, 0, {}, 1, false};
    http::Request request = caller_->make_request(call);
    auto answer = co_await caller_->http().open(std::move(request));
    record.duration = std::chrono::steady_clock::now() - begin;
    record.status = answer ? (*answer)->head().status : 0;
    caller_->report(record);
    if (!answer) co_return answer.error().with_context(name);
    if (record.status == 200) {
        co_return resumable(*caller_, call, std::move(*answer), std::move(download.on_resume));
    }
    auto refusal = co_await refused_download(name, **answer);
    co_return std::move(refusal);
}

}  // namespace protocol::gitlab
