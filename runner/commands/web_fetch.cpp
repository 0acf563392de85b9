#include "runner/commands/web_fetch.hpp"

#include <fmt/format.h>

#include "base/task.hpp"
#include "base/version.hpp"
#include "protocol/gitlab/retry.hpp"

namespace runner::commands {

namespace http = protocol::http;

namespace {

constexpr unsigned kMostAttempts = 3;
constexpr std::chrono::milliseconds kFirstPause{200};
constexpr std::chrono::seconds kConnectLimit{10};

base::Task<base::Result<void>> pause(std::chrono::nanoseconds time) {
    const bool slept = co_await base::sleep_for(time);
    if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "interrupted");
    co_return base::Result<void>();
}

bool may_pass(const base::Result<http::Response>& answer) {
    if (answer) return protocol::gitlab::is_retriable(answer->status);
    if (answer.error().code == boost::system::errc::connection_refused) return false;
    const base::ErrorKind kind = answer.error().kind;
    return kind == base::ErrorKind::kUnavailable || kind == base::ErrorKind::kTimeout;
}

}  // namespace

WebFetch::WebFetch(BlockingCalls& calls, std::string ca_file)
    : calls_(calls), ca_file_(std::move(ca_file)) {}

bool WebFetch::out_of_time() const {
    return end_ != std::chrono::steady_clock::time_point{} && time_left().count() <= 0;
}

std::chrono::nanoseconds WebFetch::time_left() const {
    return end_ - std::chrono::steady_clock::now();
}

base::Result<http::Client*> WebFetch::client_for(const http::Origin& origin) {
    auto& client = clients_[origin.text()];
    if (client == nullptr) {
        http::ClientOptions options;
        options.endpoint = origin.text();
        options.tls.ca_file = ca_file_;
        options.user_agent = fmt::format("runner/{}", base::version());
        options.proxy_from_environment = true;
        options.connect_limit = kConnectLimit;
        options.header_limit = kTotal;
        options.total_limit = kTotal;
        auto made = http::make_client(calls_.executor(), std::move(options));
        if (!made) return made.error();
        client = std::move(*made);
    }
    return client.get();
}

Attempted WebFetch::get(const std::string& address, const http::Headers& headers) {
    auto url = http::parse_url(address);
    if (!url) return {url.error(), 0};
    auto client = client_for(url->origin);
    if (!client) return {client.error(), 0};
    if (end_ == std::chrono::steady_clock::time_point{}) {
        end_ = std::chrono::steady_clock::now() + kTotal;
    }
    for (unsigned attempt = 1;; ++attempt) {
        http::Request request;
        request.target = url->target;
        request.headers = headers;
        auto call =
            base::with_deadline<http::Response>((*client)->send(std::move(request)), time_left());
        auto answer = calls_.wait<http::Response>(std::move(call));
        const auto delay = kFirstPause * (1U << (attempt - 1));
        if (attempt == kMostAttempts || !may_pass(answer) || time_left() <= delay) {
            return {std::move(answer), attempt};
        }
        auto waited = calls_.wait<void>(pause(delay));
        if (!waited) return {waited.error(), attempt};
    }
}

}  // namespace runner::commands
