#include "protocol/cloud_identity/oauth_token.hpp"

#include <nlohmann/json.hpp>
#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/parse.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

/// Seconds as a number or as a text.
std::optional<std::int64_t> seconds_of(const nlohmann::json& value) {
    if (value.is_number()) return static_cast<std::int64_t>(value.get<double>());
    if (value.is_string()) return base::parse_number<std::int64_t>(value.get<std::string>());
    return std::nullopt;
}

bool fits_into_header(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<ExpiringToken> token_in(const std::string& body) {
    constexpr std::int64_t kLongest = 366LL * 24 * 3600;
    const auto json = base::parse_foreign_json(body);
    const bool there = json.is_object() && json.contains("access_token") &&
                       json["access_token"].is_string() && json.contains("expires_in");
    if (!there) return base::make_error(ErrorKind::kProtocol, "the answer has no access token");
    const auto seconds = seconds_of(json["expires_in"]);
    const auto token = json["access_token"].get<std::string>();
    if (!seconds || token.empty() || !fits_into_header(token))
        return base::make_error(ErrorKind::kProtocol, "the access token of the answer is none");
    ExpiringToken found{base::Secret(token)};
    found.end =
        base::unix_micros_now() / 1'000'000 + std::clamp<std::int64_t>(*seconds, 0, kLongest);
    return found;
}

Task<Result<ExpiringToken>> post_for_token(Sender send, std::string url,
                                           object_storage::Fields form) {
    WebCall call;
    call.url = std::move(url);
    call.request.method = "POST";
    call.request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    call.request.body = object_storage::encode_query(form);
    auto sending = send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    co_return token_in(answer->body);
}

Task<Result<ExpiringToken>> get_local_token(Sender send, std::string url, http::Headers headers) {
    WebCall call;
    call.url = std::move(url);
    call.request.headers = std::move(headers);
    call.local = true;
    auto sending = send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    co_return token_in(answer->body);
}

}  // namespace protocol::cloud_identity
