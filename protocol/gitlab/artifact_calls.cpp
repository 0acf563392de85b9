// Calls about artifacts. Their bodies have any size, so they have their own rules for further
// tries.
#include <utility>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "protocol/gitlab/api_caller.hpp"
#include "protocol/gitlab/multipart.hpp"
#include "protocol/gitlab/retry.hpp"
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

/// The endpoint of the same upload after a 307. Only scheme and host of the Location count; the
/// token is not sent from https to http.
base::Result<std::string> redirected_endpoint(const ApiUrl& api, const http::Response& answer) {
    auto here = http::parse_url(api.endpoint + api.path);
    if (!here) return here.error();
    auto there = http::resolve_reference(*here, answer.headers.get("Location"));
    if (!there) return there.error();
    if (here->origin.scheme == http::Scheme::kHttps &&
        there->origin.scheme != http::Scheme::kHttps) {
        return base::make_error(
            ErrorKind::kProtocol,
            "the server redirects the upload to an address without TLS: " + there->origin.text());
    }
    return there->origin.text();
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
    if (failed.why.is(ErrorKind::kCancelled)) failed.wait.reset();
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

http::Request upload_request(const ApiCaller& caller, const Call& call,
                             const std::string& file_name, http::BodySource content) {
    const std::string boundary = base::random_hex(30);
    http::Request request = caller.make_request(call);
    request.headers.set("Content-Type", "multipart/form-data; boundary=" + boundary);
    request.source = multipart_file(boundary, file_name, std::move(content));
    return request;
}

base::Result<std::unique_ptr<http::Client>> follow_upload(const ApiCaller& caller,
                                                          const http::Response& answer) {
    auto endpoint = redirected_endpoint(caller.api(), answer);
    if (!endpoint) return endpoint.error();
    return caller.client_for(std::move(*endpoint));
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

bool is_final(const base::Error& error) {
    return error.is(ErrorKind::kUnauthorized) || error.is(ErrorKind::kForbidden) ||
           error.is(ErrorKind::kNotFound) || error.is(ErrorKind::kCancelled);
}

}  // namespace

base::Task<base::Result<void>> Client::upload_artifact(JobCredentials job, ArtifactUpload upload) {
    const Call call = upload_call(job, upload);
    const std::string name = caller_->name_of(call);
    std::unique_ptr<http::Client> elsewhere;
    const auto begin = std::chrono::steady_clock::now();
    CallRecord record{call.endpoint, call.method, 0, {}, 0, false};
    while (true) {
        ++record.attempts;
        auto content = upload.open();
        if (!content) co_return content.error();
        http::Request request =
            upload_request(*caller_, call, upload.file_name, std::move(*content));
        http::Client& peer = elsewhere ? *elsewhere : caller_->http();
        auto answer = co_await peer.send(std::move(request));
        record.duration = std::chrono::steady_clock::now() - begin;
        record.status = answer ? answer->status : 0;
        if (answer && answer->status == 201) {
            caller_->report(record);
            co_return base::Result<void>();
        }
        FailedTry failed = failed_upload(answer, record.attempts, name);
        if (record.status == 307 && failed.wait) {
            auto redirected = follow_upload(*caller_, *answer);
            if (redirected) {
                elsewhere = std::move(*redirected);
            } else {
                failed = {redirected.error().with_context(name), std::nullopt};
            }
        }
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
    JobCredentials job, bool direct_download) {
    constexpr unsigned kTries = 3;
    constexpr std::chrono::seconds kPause{1};
    Call call = download_call(job, direct_download);
    const std::string name = caller_->name_of(call);
    const auto begin = std::chrono::steady_clock::now();
    CallRecord record{call.endpoint, call.method, 0, {}, 0, false};
    while (true) {
        ++record.attempts;
        http::Request request = caller_->make_request(call);
        auto answer = co_await caller_->http().open(std::move(request));
        record.duration = std::chrono::steady_clock::now() - begin;
        record.status = answer ? (*answer)->head().status : 0;
        if (answer && record.status == 200) {
            caller_->report(record);
            co_return std::move(*answer);
        }
        base::Error why;
        if (answer) {
            auto refusal = co_await refused_download(name, **answer);
            why = std::move(refusal);
        } else {
            why = answer.error().with_context(name);
        }
        if (is_final(why) || record.attempts >= kTries) {
            caller_->report(record);
            co_return why;
        }
        // Without direct_download the server sends the file itself, not the address of a storage.
        call.query.clear();
        const bool waited = co_await base::sleep_for(kPause);
        if (!waited) co_return base::make_error(ErrorKind::kCancelled, name + ": stopped");
    }
}

}  // namespace protocol::gitlab
