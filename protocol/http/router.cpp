#include "protocol/http/router.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace protocol::http {

namespace {

std::string_view path_of(const Request& request) {
    return std::string_view(request.target).substr(0, request.target.find('?'));
}

/// What stands for each {…} of `pattern`; nullopt when the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    const auto wanted = base::split(pattern, '/');
    const auto given = base::split(path, '/');
    if (wanted.size() != given.size()) return std::nullopt;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].starts_with('{')) {
            if (given[i].empty()) return std::nullopt;
            values.push_back(base::percent_decode(given[i]));
        } else if (wanted[i] != given[i]) {
            return std::nullopt;
        }
    }
    return values;
}

bool takes(std::string_view method, std::string_view asked) {
    return method == asked || (method == "GET" && asked == "HEAD");
}

base::Task<Response> answer_with(const Router::Page& page, Router::Call call) {
    co_return page(call);
}

}  // namespace

std::optional<std::string> Router::Call::query(std::string_view name) const {
    const auto begin = request.target.find('?');
    if (begin == std::string::npos) return std::nullopt;
    for (const auto& field : base::split(std::string_view(request.target).substr(begin + 1), '&')) {
        const std::string_view text = field;
        const auto equals = text.find('=');
        if (base::percent_decode(text.substr(0, equals)) != name) continue;
        if (equals == std::string_view::npos) return std::string();
        return base::percent_decode(text.substr(equals + 1));
    }
    return std::nullopt;
}

void Router::add(std::string method, std::string pattern, Handler handler) {
    routes_.push_back({std::move(method), std::move(pattern), std::move(handler)});
}

void Router::add_page(std::string pattern, Page page) {
    add("GET", std::move(pattern),
        [page = std::move(page)](Call call) { return answer_with(page, std::move(call)); });
}

base::Task<Response> Router::answer(Request request) const {
    for (const Route& route : routes_) {
        if (!takes(route.method, request.method)) continue;
        auto values = match(route.pattern, path_of(request));
        if (!values) continue;
        Call call{std::move(request), std::move(*values)};
        Response response = co_await route.handler(std::move(call));
        co_return response;
    }
    co_return refuse(request);
}

Response Router::refuse(const Request& request) const {
    std::set<std::string> methods;
    std::string pages;
    for (const Route& route : routes_) {
        if (match(route.pattern, path_of(request))) methods.insert(route.method);
        if (route.method == "GET") pages += route.pattern + "\n";
    }
    if (methods.empty()) {
        return text_response(
            404, "There is nothing at " + std::string(path_of(request)) + ". There is:\n" + pages);
    }
    if (methods.contains("GET")) methods.insert("HEAD");
    std::string allowed;
    for (const auto& method : methods) allowed += (allowed.empty() ? "" : ", ") + method;
    Response refused = text_response(405, "This page takes " + allowed + " only.\n");
    refused.headers.set("Allow", allowed);
    return refused;
}

Response text_response(unsigned status, std::string body, std::string type) {
    Response response;
    response.status = status;
    response.headers.set("Content-Type", std::move(type));
    response.headers.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

}  // namespace protocol::http
