// Artifacts: the two calls with bodies of any size, which have a retry of their own.
#include <utility>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "protocol/gitlab/client_impl.hpp"
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

/// 307 of an upload: the same call on another host. Only the Location's scheme and host count; the
/// token does not follow from https to http.
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

/// For the job's log, where "… to coordinator..." stands before it and the address says nothing.
base::Error upload_error(const http::Response& answer) {
    base::Error error = status_error("", answer);
    error.message = describe(answer);
    if (answer.status == 413) error.message += "; the archive is larger than the server's limit";
    return error;
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

bool is_final(const base::Error& error) {
    return error.is(ErrorKind::kUnauthorized) || error.is(ErrorKind::kForbidden) ||
           error.is(ErrorKind::kNotFound) || error.is(ErrorKind::kCancelled);
}

}  // namespace

base::Task<base::Result<void>> Client::upload_artifact(JobCredentials job, ArtifactUpload upload) {
    Call call;
    call.endpoint = "upload_artifacts";
    call.method = "POST";
    call.path = "/jobs/" + std::to_string(job.id) + "/artifacts";
    call.query = upload_query(upload);
    add_token(call.headers, "JOB-TOKEN", job.token);
    const std::string name = impl_->name_of(call);
    std::unique_ptr<http::Client> elsewhere;
    const auto begin = std::chrono::steady_clock::now();
    CallRecord record{call.endpoint, call.method, 0, {}, 0, false};
    while (true) {
        ++record.attempts;
        auto content = upload.open();
        if (!content) co_return content.error();
        const std::string boundary = base::random_hex(30);
        http::Request request = impl_->make_request(call);
        request.headers.set("Content-Type", "multipart/form-data; boundary=" + boundary);
        request.source = multipart_file(boundary, upload.file_name, std::move(*content));
        http::Client& peer = elsewhere ? *elsewhere : impl_->http();
        auto answer = co_await peer.send(std::move(request));
        record.duration = std::chrono::steady_clock::now() - begin;
        record.status = answer ? answer->status : 0;
        if (answer && answer->status == 201) {
            impl_->report(record);
            co_return base::Result<void>();
        }
        base::Error why = answer ? upload_error(*answer) : answer.error().with_context(name);
        auto wait = UploadPolicy::next_delay(record.attempts, answer ? &*answer : nullptr,
                                             base::unix_micros_now() / 1'000'000);
        if (why.is(ErrorKind::kCancelled)) wait.reset();
        if (answer && answer->status == 307 && wait) {
            auto endpoint = redirected_endpoint(impl_->api(), *answer);
            auto made = endpoint ? http::make_client(impl_->executor(),
                                                     http_options(impl_->options(), *endpoint))
                                 : base::Result<std::unique_ptr<http::Client>>(endpoint.error());
            if (!made) {
                why = made.error().with_context(name);
                wait.reset();
            } else {
                elsewhere = std::move(*made);
            }
        }
        if (!wait) {
            impl_->report(record);
            co_return why;
        }
        if (upload.on_retry) upload.on_retry(why, *wait);
        const bool waited = co_await base::sleep_for(*wait);
        if (!waited) co_return base::make_error(ErrorKind::kCancelled, name + ": stopped");
    }
}

base::Task<base::Result<std::unique_ptr<http::StreamingResponse>>> Client::download_artifact(
    JobCredentials job, bool direct_download) {
    constexpr unsigned kTries = 3;
    constexpr std::chrono::seconds kPause{1};
    Call call;
    call.endpoint = "download_artifacts";
    call.method = "GET";
    call.path = "/jobs/" + std::to_string(job.id) + "/artifacts";
    if (direct_download) call.query = "?direct_download=true";
    add_token(call.headers, "JOB-TOKEN", job.token);
    const std::string name = impl_->name_of(call);
    const auto begin = std::chrono::steady_clock::now();
    CallRecord record{call.endpoint, call.method, 0, {}, 0, false};
    while (true) {
        ++record.attempts;
        http::Request request = impl_->make_request(call);
        auto answer = co_await impl_->http().open(std::move(request));
        record.duration = std::chrono::steady_clock::now() - begin;
        record.status = answer ? (*answer)->head().status : 0;
        base::Error why;
        if (answer && record.status == 200) {
            impl_->report(record);
            co_return std::move(*answer);
        }
        if (answer) {
            http::Response refusal = (*answer)->head();
            auto text = co_await read_beginning(**answer);
            if (text) refusal.body = std::move(*text);
            why = status_error(name, refusal);
        } else {
            why = answer.error().with_context(name);
        }
        if (is_final(why) || record.attempts >= kTries) {
            impl_->report(record);
            co_return why;
        }
        call.query.clear();
        const bool waited = co_await base::sleep_for(kPause);
        if (!waited) co_return base::make_error(ErrorKind::kCancelled, name + ": stopped");
    }
}

}  // namespace protocol::gitlab
