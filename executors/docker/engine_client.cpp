#include "executors/docker/engine_client.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/parse.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/engine_messages.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using protocol::http::Request;
using protocol::http::Response;

namespace {

constexpr int kOldestMinor = 24;
constexpr int kNewestMinor = 47;

/// "1.45" → 45; -1 for anything else.
int minor_of(std::string_view version) {
    if (!version.starts_with("1.")) return -1;
    return base::parse_number<int>(version.substr(2)).value_or(-1);
}

}  // namespace

EngineClient::EngineClient(EngineEndpoint endpoint, std::unique_ptr<protocol::http::Client> client)
    : endpoint_(std::move(endpoint)), client_(std::move(client)) {}

Task<Result<void>> EngineClient::negotiate() {
    if (!version_.empty()) co_return Result<void>();
    Request request;
    request.target = "/_ping";
    auto reply = co_await client_->send(std::move(request));
    if (!reply) {
        const auto context = "Cannot connect to the Docker daemon at " + endpoint_.shown +
                             ". Is the docker daemon running, and may this user talk to it?";
        co_return reply.error().with_context(context);
    }
    if (reply->status != 200) {
        auto error = engine_error(reply->status, reply->body);
        co_return error.with_context("what answers at " + endpoint_.shown +
                                     " does not answer a ping as a Docker engine does");
    }
    const std::string theirs(reply->headers.get("Api-Version"));
    const int minor = minor_of(theirs);
    if (minor < kOldestMinor) {
        co_return make_error(ErrorKind::kConfiguration,
                             "the Docker engine at " + endpoint_.shown + " speaks API version \"" +
                                 theirs + "\"; at least 1." + std::to_string(kOldestMinor) +
                                 " (Docker 1.12) is needed: update the engine");
    }
    minor_ = std::min(minor, kNewestMinor);
    version_ = "1." + std::to_string(minor_);
    co_return Result<void>();
}

Task<Result<Request>> EngineClient::versioned(Request request) {
    // The version is read after the last suspension: another call may forget it at any of them.
    auto ready = co_await negotiate();
    if (!ready) co_return ready.error();
    request.target = "/v" + version_ + request.target;
    co_return std::move(request);
}

Task<Result<Response>> EngineClient::send(Request request) {
    auto complete = co_await versioned(std::move(request));
    if (!complete) co_return complete.error();
    auto reply = co_await client_->send(std::move(*complete));
    if (!reply) co_return reply.error().with_context("Docker engine at " + endpoint_.shown);
    if (!engine_succeeded(reply->status)) {
        auto error = engine_error(reply->status, reply->body);
        if (refuses_api_version(error.message)) forget_version();
        co_return error;
    }
    co_return std::move(reply);
}

Task<Result<Response>> EngineClient::get(std::string path) {
    Request request;
    request.target = std::move(path);
    auto reply = co_await send(std::move(request));
    co_return std::move(reply);
}

Task<Result<Response>> EngineClient::post(std::string path, std::string body) {
    Request request;
    request.method = "POST";
    request.target = std::move(path);
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    auto reply = co_await send(std::move(request));
    co_return std::move(reply);
}

Task<Result<void>> EngineClient::remove(std::string path) {
    Request request;
    request.method = "DELETE";
    request.target = std::move(path);
    auto reply = co_await send(std::move(request));
    if (!reply && !reply.error().is(ErrorKind::kNotFound)) co_return reply.error();
    co_return Result<void>();
}

Task<Result<EngineClient::Stream>> EngineClient::open(Request request) {
    auto complete = co_await versioned(std::move(request));
    if (!complete) co_return complete.error();
    auto stream = co_await client_->open(std::move(*complete));
    co_return std::move(stream);
}

Task<Result<EngineClient::Stream>> EngineClient::open_stream(std::string path) {
    Request request;
    request.target = std::move(path);
    auto stream = co_await open(std::move(request));
    if (!stream) co_return stream.error();
    if ((*stream)->head().status != 200) {
        auto piece = co_await (*stream)->read_some(4096);
        co_return engine_error((*stream)->head().status, piece ? *piece : std::string());
    }
    co_return std::move(stream);
}

Task<Result<EngineClient::RawStream>> EngineClient::upgrade(Request request) {
    auto complete = co_await versioned(std::move(request));
    if (!complete) co_return complete.error();
    auto stream = co_await client_->upgrade(std::move(*complete));
    co_return std::move(stream);
}

}  // namespace executors::docker
