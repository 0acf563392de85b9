#include "runner/doctor/registry.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/encoding.hpp"
#include "base/ip_address.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "protocol/http/url.hpp"
#include "runner/doctor/challenge.hpp"
#include "runner/doctor/registry_image.hpp"
#include "runner/doctor/server_options.hpp"

namespace runner::doctor {

namespace http = protocol::http;
using base::ErrorKind;
using base::Result;
using base::Task;
using executors::docker::Credential;
using executors::docker::RegistrySettings;

namespace {

base::Error status_error(const std::string& doing, const http::Response& answer) {
    ErrorKind kind = ErrorKind::kProtocol;
    if (answer.status == 401) kind = ErrorKind::kUnauthorized;
    if (answer.status == 403) kind = ErrorKind::kForbidden;
    if (answer.status == 404) kind = ErrorKind::kNotFound;
    if (answer.status >= 500) kind = ErrorKind::kUnavailable;
    return base::make_error(kind, fmt::format("{}: status {}", doing, answer.status));
}

std::string path_of(const std::string& location) {
    if (location.starts_with("/")) return location;
    const auto url = http::parse_url(location);
    return url ? url->target : std::string();
}

}  // namespace

Registry::Registry(std::unique_ptr<http::Client> client, std::string host, Credential credential,
                   boost::asio::any_io_executor executor, http::ClientOptions options)
    : client_(std::move(client)),
      host_(std::move(host)),
      credential_(std::move(credential)),
      executor_(std::move(executor)),
      options_(std::move(options)) {}

Result<std::unique_ptr<Registry>> Registry::make(const boost::asio::any_io_executor& executor,
                                                 const RegistrySettings& settings,
                                                 Credential credential) {
    auto options = registry_options(settings);
    if (!options) return options.error();
    auto client = http::make_client(executor, *options);
    if (!client) return client.error();
    return std::unique_ptr<Registry>(
        new Registry(std::move(*client), settings.host, std::move(credential), executor, *options));
}

Task<Result<http::Response>> Registry::send(http::Request request) {
    request.headers.set("Host", host_);
    http::Request again = request;
    if (!authorization_.empty()) request.headers.set("Authorization", authorization_.reveal());
    auto answer = co_await client_->send(std::move(request));
    if (!answer || answer->status != 401) co_return std::move(answer);
    std::string challenge(answer->headers.get("WWW-Authenticate"));
    auto login = co_await log_in(std::move(challenge));
    if (!login) co_return login.error();
    again.headers.set("Authorization", authorization_.reveal());
    auto second = co_await client_->send(std::move(again));
    co_return std::move(second);
}

Task<Result<void>> Registry::log_in(std::string header) {
    const Challenge challenge = parse_challenge(header);
    const std::string basic = credential_.username.empty()
                                  ? std::string()
                                  : "Basic " + base::base64_encode(credential_.username + ":" +
                                                                   credential_.password.reveal());
    if (!challenge.bearer) {
        if (basic.empty())
            co_return base::make_error(ErrorKind::kUnauthorized,
                                       "it asks for a login, none is set");
        authorization_ = base::Secret(basic);
        co_return Result<void>();
    }
    auto url = http::parse_url(challenge.realm);
    if (!url) co_return url.error().with_context("the address for tokens");
    http::ClientOptions options = options_;
    options.endpoint = url->origin.text();
    auto client = http::make_client(executor_, std::move(options));
    if (!client) co_return client.error();
    http::Request request;
    request.target = url->target + (url->target.find('?') == std::string::npos ? "?" : "&") +
                     "service=" + base::percent_encode(challenge.service);
    if (!challenge.scope.empty())
        request.target += "&scope=" + base::percent_encode(challenge.scope);
    if (!basic.empty()) request.headers.set("Authorization", basic);
    auto answer = co_await (*client)->send(std::move(request));
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return status_error("the login", *answer);
    const auto body = base::parse_foreign_json(answer->body);
    for (const char* key : {"token", "access_token"}) {
        if (!body.is_object() || !body.contains(key) || !body[key].is_string()) continue;
        authorization_ = base::Secret("Bearer " + body[key].get<std::string>());
        co_return Result<void>();
    }
    co_return base::make_error(ErrorKind::kProtocol, "the login: the answer has no token");
}

Task<Result<void>> Registry::greet() {
    http::Request request;
    request.target = "/v2/";
    auto answer = co_await send(std::move(request));
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return status_error("/v2/", *answer);
    co_return Result<void>();
}

Task<Result<void>> Registry::put_blob(std::string repository, std::string bytes) {
    http::Request start;
    start.method = "POST";
    start.target = "/v2/" + repository + "/blobs/uploads/";
    auto begun = co_await send(std::move(start));
    if (!begun) co_return begun.error();
    if (begun->status != 202) co_return status_error("push to " + repository, *begun);
    const std::string path = path_of(std::string(begun->headers.get("Location")));
    if (path.empty())
        co_return base::make_error(ErrorKind::kProtocol, "push: the answer has no Location");
    http::Request put;
    put.method = "PUT";
    put.target = path + (path.find('?') == std::string::npos ? "?" : "&") +
                 "digest=" + base::percent_encode(digest_of(bytes));
    put.headers.set("Content-Type", "application/octet-stream");
    put.body = std::move(bytes);
    auto done = co_await send(std::move(put));
    if (!done) co_return done.error();
    if (done->status != 201) co_return status_error("push to " + repository, *done);
    co_return Result<void>();
}

Task<Result<void>> Registry::push(std::string repository, std::string tag) {
    RegistryImage image = registry_image(tag);
    auto first = co_await put_blob(repository, std::move(image.layer));
    if (!first) co_return first;
    auto second = co_await put_blob(repository, std::move(image.config));
    if (!second) co_return second;
    http::Request put;
    put.method = "PUT";
    put.target = "/v2/" + repository + "/manifests/" + tag;
    put.headers.set("Content-Type", kManifestType);
    put.body = std::move(image.manifest);
    auto answer = co_await send(std::move(put));
    if (!answer) co_return answer.error();
    if (answer->status != 201) co_return status_error("push to " + repository, *answer);
    co_return Result<void>();
}

/// A registry may send blobs from elsewhere; the client follows.
Task<Result<void>> Registry::fetch(std::string path, std::string repository) {
    http::Request request;
    request.target = std::move(path);
    request.headers.set("Accept", kManifestType);
    auto answer = co_await send(std::move(request));
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return status_error("pull from " + repository, *answer);
    co_return Result<void>();
}

Task<Result<void>> Registry::pull(std::string repository, std::string tag) {
    std::string manifest_path = "/v2/" + repository + "/manifests/" + tag;
    auto described = co_await fetch(std::move(manifest_path), repository);
    if (!described) co_return described;
    std::string blob_path = "/v2/" + repository + "/blobs/" + digest_of(registry_image(tag).layer);
    auto fetched = co_await fetch(std::move(blob_path), repository);
    co_return fetched;
}

Task<Result<void>> Registry::remove(std::string repository, std::string tag) {
    http::Request ask;
    ask.method = "HEAD";
    ask.target = "/v2/" + repository + "/manifests/" + tag;
    ask.headers.set("Accept",
                    fmt::format("{}, application/vnd.oci.image.index.v1+json, "
                                "application/vnd.docker.distribution.manifest.v2+json, "
                                "application/vnd.docker.distribution.manifest.list.v2+json",
                                kManifestType));
    auto found = co_await send(std::move(ask));
    if (!found) co_return found.error();
    const std::string digest(found->headers.get("Docker-Content-Digest"));
    if (found->status != 200 || digest.empty()) co_return Result<void>();
    http::Request request;
    request.method = "DELETE";
    request.target = "/v2/" + repository + "/manifests/" + digest;
    auto answer = co_await send(std::move(request));
    if (!answer) co_return answer.error();
    co_return Result<void>();
}

}  // namespace runner::doctor
