#include "runner/secrets/provider_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/version.hpp"
#include "protocol/object_storage/error_body.hpp"
#include "protocol/object_storage/request.hpp"

namespace runner::secrets {

namespace http = protocol::http;
using base::ErrorKind;
using nlohmann::json;

namespace {

constexpr std::size_t kShownBytes = 300;
constexpr std::size_t kLargestAnswer = 1U << 20U;
constexpr std::chrono::seconds kLimit{30};

/// In one line, and cut where it is long. Long words are left out: a provider may repeat a token,
/// and a part of one would not be masked.
std::string folded(std::string_view text) {
    constexpr std::size_t kLongestWord = 64;
    std::string out;
    while (!text.empty() && out.size() <= kShownBytes) {
        const auto is_blank = [](char c) {
            return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
        };
        const auto end = std::find_if(text.begin(), text.end(), is_blank);
        const std::string_view word(text.data(), static_cast<std::size_t>(end - text.begin()));
        if (!word.empty()) {
            if (!out.empty()) out += ' ';
            out += word.size() > kLongestWord ? "…" : std::string(word);
        }
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return text.empty() ? out : out + "…";
}

std::string joined(std::string before, const std::string& text) {
    if (before.empty() || text.empty()) return before + text;
    return before + ": " + text;
}

/// The forms that the providers have: a list of texts; code and message in an object or beside each
/// other; XML.
std::string said_in(const http::Response& answer) {
    const json body = object_in(answer);
    if (!body.is_object()) return protocol::object_storage::error_text(answer.body);
    if (const auto list = body.find("errors"); list != body.end() && list->is_array()) {
        std::string text;
        for (const auto& item : *list) {
            if (item.is_string()) text = joined(std::move(text), item.get<std::string>());
        }
        return text;
    }
    const auto error = body.find("error");
    if (error != body.end() && error->is_object()) {
        const std::string code = text_at(*error, "status");
        return joined(code.empty() ? text_at(*error, "code") : code, text_at(*error, "message"));
    }
    if (error != body.end())
        return joined(text_at(body, "error"), text_at(body, "error_description"));
    const std::string message = text_at(body, "message");
    return joined(text_at(body, "__type"), message.empty() ? text_at(body, "Message") : message);
}

}  // namespace

ClientMaker client_maker(const boost::asio::any_io_executor& executor, const std::string& ca_file) {
    http::ClientOptions options;
    options.tls.ca_file = ca_file;
    options.user_agent = "runner/" + std::string(base::version());
    options.proxy_from_environment = true;
    options.connect_limit = std::chrono::seconds(10);
    options.header_limit = kLimit;
    options.total_limit = kLimit;
    options.max_body_bytes = kLargestAnswer;
    options.max_redirects = 0;
    return [executor, options](const std::string& endpoint) {
        http::ClientOptions own = options;
        own.endpoint = endpoint;
        return http::make_client(executor, std::move(own));
    };
}

base::Task<base::Result<http::Response>> ProviderCalls::send(http::Url url, http::Request request) {
    auto& client = clients_[url.origin.text()];
    if (!client) {
        auto made = make_client_(url.origin.text());
        if (!made) co_return made.error();
        client = std::move(*made);
    }
    request.target = url.target;
    auto sending = client->send(std::move(request));
    auto answer = co_await std::move(sending);
    co_return std::move(answer);
}

base::Result<http::Url> provider_url(std::string_view what, const std::string& text) {
    if (text.empty()) {
        return base::invalid_input(
            fmt::format("{} is empty: is the variable that has it set for this job?", what));
    }
    auto url = http::parse_url(text);
    if (!url) return base::invalid_input(fmt::format("{}: {}", what, url.error().message));
    if (url->origin.scheme == http::Scheme::kUnix)
        return base::invalid_input(fmt::format("{} must begin with https:// or http://", what));
    return url;
}

base::Result<http::Url> below(http::Url base, std::string_view path) {
    std::string target = base.target.substr(0, base.target.find('?'));
    while (target.ends_with('/')) target.pop_back();
    while (!path.empty()) {
        const auto end = path.find('/');
        const std::string_view part = path.substr(0, end);
        path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
        if (part == "..")
            return base::invalid_input("\"..\" is not possible in the path of a secret");
        if (part.empty() || part == ".") continue;
        target += '/';
        target += protocol::object_storage::encode_path(part);
    }
    base.target = std::move(target);
    return base;
}

http::Request make_request(std::string method, http::Headers headers) {
    http::Request request;
    request.method = std::move(method);
    request.headers = std::move(headers);
    return request;
}

json object_in(const http::Response& answer) {
    json body = base::parse_foreign_json(answer.body);
    return body.is_object() ? std::move(body) : json();
}

std::string refusal_text(const http::Response& answer) {
    std::string text = fmt::format("{}", answer.status);
    if (!answer.reason.empty()) text += " " + folded(answer.reason);
    const std::string said = folded(said_in(answer));
    return said.empty() ? text : text + " (" + said + ")";
}

base::Error login_refusal(const http::Response& answer, std::string_view doing,
                          std::string_view remedy) {
    const auto kind = answer.status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kUnauthorized;
    const std::string text = refusal_text(answer);
    if (kind == ErrorKind::kUnavailable)
        return base::make_error(kind, fmt::format("{}: {}", doing, text));
    return base::make_error(kind, fmt::format("{}: {}; {}", doing, text, remedy));
}

bool is_success(const http::Response& answer) { return answer.status / 100 == 2; }

}  // namespace runner::secrets
