#include "protocol/cloud_identity/web_call.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/utf8.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/proxy.hpp"
#include "protocol/http/url.hpp"
#include "protocol/object_storage/error_body.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kMostAnswerBytes = 256U << 10U;

http::ClientOptions options_for(const WebCall& call, const http::TlsSettings& tls,
                                const std::string& user_agent) {
    http::ClientOptions options;
    options.tls = tls;
    options.user_agent = user_agent;
    options.proxy_from_environment = !call.local;
    options.connect_limit = std::chrono::seconds(call.local ? 2 : 10);
    options.header_limit = std::chrono::seconds(call.local ? 5 : 30);
    options.total_limit = options.header_limit;
    options.max_body_bytes = kMostAnswerBytes;
    options.max_redirects = 0;
    return options;
}

/// What an answer in JSON says about a failure: OAuth's two fields, or Google's object.
std::string said_in_json(const std::string& body) {
    const auto json = base::parse_foreign_json(body);
    if (!json.is_object()) return {};
    const auto error = json.find("error");
    if (error != json.end() && error->is_object()) return base::text_at(*error, "message");
    for (const char* name : {"error_description", "message", "error"}) {
        if (std::string said = base::text_at(json, name); !said.empty()) return said;
    }
    return {};
}

ErrorKind kind_of(unsigned status) {
    if (status == 404) return ErrorKind::kNotFound;
    if (status == 408 || status == 429 || status >= 500) return ErrorKind::kUnavailable;
    return ErrorKind::kForbidden;
}

Task<Result<http::Response>> send_one(boost::asio::any_io_executor executor, http::TlsSettings tls,
                                      std::string user_agent, WebCall call) {
    auto url = http::parse_url(call.url);
    if (!url) co_return url.error();
    http::ClientOptions options = options_for(call, tls, user_agent);
    options.endpoint = url->origin.text();
    auto client = http::make_client(executor, std::move(options));
    if (!client) co_return client.error();
    call.request.target = url->target;
    auto sending = (*client)->send(std::move(call.request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (answer->status / 100 != 2) co_return refused(*answer).with_context(url->origin.text());
    co_return std::move(answer);
}

}  // namespace

base::Error refused(const http::Response& answer) {
    std::string said = object_storage::error_text(answer.body);
    if (said.empty()) said = said_in_json(answer.body);
    said = base::cut_utf8(said, kShownBytes);
    std::string text = fmt::format("{} {}", answer.status, answer.reason);
    if (!said.empty()) text += " (" + said + ")";
    return base::make_error(kind_of(answer.status), std::move(text));
}

Sender make_sender(const boost::asio::any_io_executor& executor, http::TlsSettings tls,
                   std::string user_agent) {
    return [executor, tls = std::move(tls), user_agent = std::move(user_agent)](WebCall call) {
        return send_one(executor, tls, user_agent, std::move(call));
    };
}

std::string variable_of_process(const std::string& name) {
    return http::environment_value(name.c_str());
}

}  // namespace protocol::cloud_identity
