#include "protocol/http/tunnel.hpp"

#include <boost/asio/write.hpp>
#include <array>
#include <tuple>
#include <utility>

#include "protocol/http/message_reader.hpp"
#include "protocol/http/message_writer.hpp"

namespace protocol::http {

namespace asio = boost::asio;
using base::ErrorKind;

namespace {

base::Error refusal(const Response& answer, const Proxy& proxy, const std::string& where) {
    std::string text = "it refuses a tunnel to " + where + ": " + std::to_string(answer.status) +
                       " " + answer.reason;
    if (answer.status != 407) return base::make_error(ErrorKind::kUnavailable, std::move(text));
    text += login_remedy(proxy);
    return base::make_error(ErrorKind::kUnauthorized, std::move(text));
}

base::Task<base::Result<void>> ask(ByteStream& stream, const Proxy& proxy, std::string head,
                                   std::string where) {
    auto writing = stream.write_all(head);
    auto written = co_await std::move(writing);
    if (!written) co_return written.error();
    ResponseReader reader(true);
    std::string unread;
    std::array<char, 2048> bytes{};
    while (!reader.head_done()) {
        auto reading = stream.read_some(bytes);
        auto count = co_await std::move(reading);
        if (!count) co_return count.error();
        if (*count == 0) {
            co_return base::make_error(ErrorKind::kUnavailable, "it ended the connection");
        }
        unread.append(bytes.data(), *count);
        auto used = reader.feed(unread);
        if (!used) co_return used.error();
        unread.erase(0, *used);
    }
    const Response& answer = reader.head();
    if (answer.status / 100 != 2) co_return refusal(answer, proxy, where);
    co_return base::Result<void>();
}

}  // namespace

std::string_view login_remedy(const Proxy& proxy) {
    return proxy.authorization.empty() ? "; put user:password@ in front of the proxy's host"
                                       : "; are the user and the password of the proxy right?";
}

base::Task<base::Result<std::size_t>> BorrowedSocket::read_some(std::span<char> target) {
    const auto buffer = asio::buffer(target.data(), target.size());
    const auto outcome = co_await socket_.async_read_some(buffer, base::use_tuple);
    const auto& [code, count] = outcome;
    if (code == asio::error::eof) co_return std::size_t{0};
    if (code) co_return base::make_error(code, "read");
    co_return count;
}

base::Task<base::Result<void>> BorrowedSocket::write_all(std::string_view bytes) {
    const auto buffer = asio::buffer(bytes);
    const auto outcome = co_await asio::async_write(socket_, buffer, base::use_tuple);
    if (std::get<0>(outcome)) co_return base::make_error(std::get<0>(outcome), "write");
    co_return base::Result<void>();
}

void BorrowedSocket::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

base::Task<base::Result<void>> open_tunnel(ByteStream& stream, const Proxy& proxy, Origin origin,
                                           std::string user_agent, Watchdog& watchdog) {
    Request request;
    request.method = "CONNECT";
    request.target = origin.address();
    const WireContext context{request.target, user_agent, {}, proxy.authorization.reveal()};
    auto head = write_request_head(request, context);
    if (!head) co_return head.error();
    const Guard guard(watchdog, [&stream] { stream.close(); });
    auto asking = ask(stream, proxy, std::move(*head), request.target);
    auto opened = co_await std::move(asking);
    const std::string name = "the proxy " + proxy.shown();
    if (!opened && watchdog.expired()) {
        co_return base::make_error(
            ErrorKind::kTimeout, name + " did not open a tunnel to " + request.target + " in time");
    }
    if (!opened) co_return opened.error().with_context(name);
    co_return base::Result<void>();
}

}  // namespace protocol::http
