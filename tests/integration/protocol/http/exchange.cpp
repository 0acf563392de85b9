#include "tests/integration/protocol/http/exchange.hpp"

#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <array>
#include <utility>

namespace protocol::http {

using base::Result;
using base::Task;

namespace {

Task<std::vector<Result<Response>>> send_all(ClientOptions options, std::vector<Request> requests) {
    auto executor = co_await boost::asio::this_coro::executor;
    std::vector<Result<Response>> answers;
    auto client = make_client(executor, std::move(options));
    if (!client) {
        answers.emplace_back(client.error());
        co_return answers;
    }
    for (Request& request : requests) {
        auto answer = co_await (*client)->send(std::move(request));
        answers.push_back(std::move(answer));
    }
    co_return answers;
}

Task<Result<Response>> send_until(ClientOptions options, Request request,
                                  std::chrono::milliseconds limit) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto client = make_client(executor, std::move(options));
    if (!client) co_return client.error();
    auto sending = (*client)->send(std::move(request));
    auto answer = co_await base::with_deadline<Response>(std::move(sending), limit);
    co_return std::move(answer);
}

}  // namespace

ClientOptions options_for(const std::string& endpoint) {
    ClientOptions options;
    options.endpoint = endpoint;
    options.user_agent = "test/1";
    return options;
}

Request get(std::string target) {
    Request request;
    request.target = std::move(target);
    return request;
}

Request post(std::string target, std::string body) {
    Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
}

std::vector<Result<Response>> exchange(ClientOptions options, std::vector<Request> requests) {
    return tests::run_to_end(send_all(std::move(options), std::move(requests)));
}

Result<Response> exchange(ClientOptions options, Request request) {
    return exchange(std::move(options), std::vector<Request>{std::move(request)}).front();
}

Result<Response> exchange_until(ClientOptions options, Request request,
                                std::chrono::milliseconds limit) {
    return tests::run_to_end(send_until(std::move(options), std::move(request), limit));
}

Task<Result<std::string>> numbered_piece(std::shared_ptr<int> given, int last) {
    if (*given == last) co_return std::string();
    co_return std::to_string(++*given) + ",";
}

Task<Result<std::string>> failing_piece() {
    co_return base::make_error(base::ErrorKind::kIo, "the disk is gone");
}

Task<Streamed> stream_then_get(ClientOptions options, std::size_t limit) {
    auto executor = co_await boost::asio::this_coro::executor;
    Streamed result;
    auto client = make_client(executor, std::move(options));
    if (!client) co_return result;
    auto answer = co_await (*client)->open(get("/stream"));
    if (!answer) co_return result;
    while (true) {
        auto piece = co_await (*answer)->read_some(limit);
        if (!piece || piece->empty()) break;
        result.largest_piece = std::max(result.largest_piece, piece->size());
        result.streamed += *piece;
    }
    Request following = get("/next");
    auto next = co_await (*client)->send(std::move(following));
    if (next) result.next = next->body;
    co_return result;
}

Task<Result<std::string>> talk_upgraded(ClientOptions options, std::string text) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto client = make_client(executor, std::move(options));
    if (!client) co_return client.error();
    Request request = post("/attach", "");
    request.headers.set("Connection", "Upgrade");
    request.headers.set("Upgrade", "tcp");
    auto stream = co_await (*client)->upgrade(std::move(request));
    if (!stream) co_return stream.error();
    auto written = co_await (*stream)->write_all(text);
    if (!written) co_return written.error();
    (*stream)->shutdown_write();
    std::string all;
    std::array<char, 3> bytes{};
    while (true) {
        auto count = co_await (*stream)->read_some(bytes);
        if (!count) co_return count.error();
        if (*count == 0) co_return all;
        all.append(bytes.data(), *count);
    }
}

Environment::Environment(const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
        names_.push_back(name);
        ::setenv(name.c_str(), value.c_str(), 1);
    }
}

Environment::~Environment() {
    for (const std::string& name : names_) ::unsetenv(name.c_str());
}

}  // namespace protocol::http
