#include "protocol/gitlab/api_caller.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "protocol/gitlab/retry.hpp"

namespace protocol::gitlab {

using base::ErrorKind;
using nlohmann::json;

namespace {

http::ClientOptions http_options(const ClientOptions& options, std::string endpoint) {
    http::ClientOptions wanted;
    wanted.endpoint = std::move(endpoint);
    wanted.tls = options.tls;
    wanted.user_agent = user_agent();
    wanted.proxy_from_environment = true;
    wanted.max_age = std::max(options.connection_max_age, std::chrono::seconds(0));
    return wanted;
}

}  // namespace

Call json_call(std::string_view endpoint, std::string method, std::string path, const json& body) {
    Call call;
    call.endpoint = endpoint;
    call.method = std::move(method);
    call.path = std::move(path);
    call.body = base::dump_json(body);
    call.headers.set("Content-Type", "application/json");
    return call;
}

void add_token(http::Headers& headers, const char* name, const base::Secret& token) {
    if (!token.empty()) headers.set(name, token.reveal());
}

base::Result<std::unique_ptr<ApiCaller>> ApiCaller::create(
    const boost::asio::any_io_executor& executor, ClientOptions options) {
    auto api = api_url(options.url);
    if (!api) return api.error();
    auto http = http::make_client(executor, http_options(options, api->endpoint));
    if (!http) return http.error();
    return std::unique_ptr<ApiCaller>(
        new ApiCaller(std::move(options), std::move(*api), std::move(*http), executor));
}

ApiCaller::ApiCaller(ClientOptions options, ApiUrl api, std::unique_ptr<http::Client> http,
                     boost::asio::any_io_executor executor)
    : options_(std::move(options)),
      api_(std::move(api)),
      http_(std::move(http)),
      executor_(std::move(executor)) {}

http::Request ApiCaller::make_request(const Call& call) const {
    http::Request request;
    request.method = call.method;
    request.target = api_.path + call.path + call.query;
    request.headers = call.headers;
    request.cut_answer_at = call.cut_answer_at;
    if (call.headers.get("X-Request-Id").empty())
        request.headers.set("X-Request-Id", base::random_hex(16));
    if (call.wants_json) request.headers.set("Accept", "application/json");
    return request;
}

std::string ApiCaller::name_of(const Call& call) const {
    return call.method + " " + api_.endpoint + api_.path + call.path;
}

void ApiCaller::report(const CallRecord& record) const {
    if (options_.on_request) options_.on_request(record);
}

base::Task<base::Result<http::Response>> ApiCaller::perform(Call call, CallRecord& record) {
    const auto begin = std::chrono::steady_clock::now();
    record = CallRecord{call.endpoint, call.method, 0, {}, 0, false};
    while (true) {
        ++record.attempts;
        http::Request request = make_request(call);
        request.body = call.body;
        request.file = call.file;
        auto answer = co_await http_->send(std::move(request));
        record.duration = std::chrono::steady_clock::now() - begin;
        record.status = answer ? answer->status : 0;
        if (answer && is_retriable(answer->status)) record.retriable_seen = true;
        if (!answer) {
            report(record);
            co_return answer.error().with_context(name_of(call));
        }
        const auto wait = RetryPolicy::next_delay(
            record.attempts, *answer, base::unix_micros_now() / 1'000'000, base::random_unit());
        if (!wait) {
            report(record);
            co_return std::move(*answer);
        }
        base::log::debug(
            "The server asks to come back later",
            {{"call", name_of(call)}, {"status", record.status}, {"wait_ms", wait->count()}});
        const bool waited = co_await base::sleep_for(*wait);
        if (!waited) {
            report(record);
            co_return base::make_error(ErrorKind::kCancelled, name_of(call) + ": stopped");
        }
    }
}

base::Task<base::Result<http::Response>> ApiCaller::perform(Call call) {
    CallRecord record;
    auto answer = co_await perform(std::move(call), record);
    co_return std::move(answer);
}

base::Task<base::Result<http::Response>> ApiCaller::expect(Call call, unsigned expected) {
    const std::string name = name_of(call);
    auto answer = co_await perform(std::move(call));
    if (answer && answer->status != expected) co_return status_error(name, *answer);
    co_return std::move(answer);
}

base::Task<base::Result<TokenAnswer>> ApiCaller::expect_token(Call call, unsigned expected) {
    const std::string name = name_of(call);
    call.wants_json = true;
    auto answer = co_await expect(std::move(call), expected);
    if (!answer) co_return answer.error();
    auto token = read_token(*answer);
    if (!token) co_return token.error().with_context(name);
    if (token->token.empty()) {
        co_return base::make_error(ErrorKind::kProtocol, name + ": the answer holds no token");
    }
    co_return std::move(token);
}

std::string ApiCaller::last_update(const base::Secret& token) const {
    return token == last_update_token_ ? last_update_ : std::string();
}

void ApiCaller::remember_last_update(const base::Secret& token, const http::Response& answer) {
    const std::string_view value = answer.headers.get("X-GitLab-Last-Update");
    if (value.empty()) return;
    last_update_ = std::string(value);
    last_update_token_ = token;
}

base::Result<std::unique_ptr<http::Client>> ApiCaller::client_for(std::string endpoint) const {
    return http::make_client(executor_, http_options(options_, std::move(endpoint)));
}

}  // namespace protocol::gitlab
