#include "runner/interactive/service_proxy.hpp"

#include <array>
#include <set>
#include <utility>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "protocol/http/message_reader.hpp"
#include "protocol/http/message_writer.hpp"

namespace runner::interactive {

namespace http = protocol::http;

namespace {

constexpr std::size_t kMaxHeadBytes = 64U << 10U;
/// Until the service answers, and between two pieces of its answer.
constexpr std::chrono::minutes kServiceSilence{10};
constexpr std::string_view kNoAnswer =
    "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 42\r\nConnection: close\r\n\r\nThe service ended without a whole answer.\n";

/// What belongs to one connection (RFC 9110, section 7.6.1), what the new request has of its own,
/// and the session's secret.
bool is_passed_on(const std::string& name) {
    static const std::set<std::string> kLeftOut{"authorization",
                                                "connection",
                                                "content-length",
                                                "expect",
                                                "host",
                                                "keep-alive",
                                                "proxy-authenticate",
                                                "proxy-authorization",
                                                "proxy-connection",
                                                "te",
                                                "trailer",
                                                "transfer-encoding",
                                                "upgrade"};
    return !kLeftOut.contains(base::to_lower(name));
}

bool asks_for_upgrade(const http::Request& request) {
    return request.headers.has("Upgrade") &&
           base::to_lower(std::string(request.headers.get("Connection"))).find("upgrade") !=
               std::string::npos;
}

}  // namespace

std::optional<ProxyTarget> parse_proxy_path(std::string_view path) {
    const auto query = path.find('?');
    const std::string_view plain = path.substr(0, query);
    const auto first = plain.find('/');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = plain.find('/', first + 1);
    ProxyTarget target;
    target.service = base::percent_decode(plain.substr(0, first));
    target.port = base::percent_decode(plain.substr(first + 1, second - first - 1));
    if (target.service.empty() || target.port.empty()) return std::nullopt;
    target.rest = second == std::string_view::npos ? "/" : std::string(plain.substr(second));
    if (query != std::string_view::npos) target.rest += path.substr(query);
    return target;
}

base::Result<ProxiedRequest> proxied_request(const http::Request& request,
                                             const std::string& target, const ProxiedPort& port) {
    ProxiedRequest proxied;
    proxied.upgrade = asks_for_upgrade(request);
    http::Request sent;
    sent.method = request.method;
    sent.target = target;
    sent.body = request.body;
    for (const auto& [name, value] : request.headers.all()) {
        if (is_passed_on(name)) sent.headers.add(name, value);
    }
    sent.headers.set("Connection", proxied.upgrade ? "Upgrade" : "close");
    if (proxied.upgrade) {
        sent.headers.set("Upgrade", std::string(request.headers.get("Upgrade")));
    }
    const std::string host = port.host + ":" + std::to_string(port.number);
    auto head = http::write_request_head(
        sent, {.host = host, .user_agent = {}, .target_prefix = {}, .proxy_authorization = {}});
    if (!head) return head.error();
    proxied.bytes = *head + sent.body;
    return proxied;
}

ServiceProxy::ServiceProxy(const boost::asio::any_io_executor& executor,
                           std::unique_ptr<http::ByteStream> client,
                           std::shared_ptr<http::ByteStream> service)
    : client_(std::move(client)), service_(std::move(service)), group_(executor) {}

base::Task<void> ServiceProxy::run(ProxiedRequest request, base::StopSource& ended) {
    auto exchanging = exchange(std::move(request));
    auto done = co_await base::run_stoppable<void>(&ended, std::move(exchanging), std::nullopt);
    if (!answered_ && !ended.requested()) {
        auto refusing = client_->write_all(kNoAnswer);
        done = co_await base::with_deadline<void>(std::move(refusing), std::chrono::seconds(2));
    }
    if (done) client_->shutdown_write();
    service_->close();
    client_->close();
    group_.cancel_all();
    co_await group_.wait();
}

base::Task<base::Result<void>> ServiceProxy::exchange(ProxiedRequest request) {
    auto sent = co_await service_->write_all(request.bytes);
    if (!sent) co_return sent.error();
    bool upgraded = false;
    if (request.upgrade) {
        auto head = co_await pass_head();
        if (!head) co_return head.error();
        upgraded = *head;
    }
    group_.spawn("client of a service", from_client(upgraded));
    auto passed = co_await pass_answer();
    co_return passed;
}

base::Task<base::Result<bool>> ServiceProxy::pass_head() {
    http::ResponseReader reader(false);
    std::string unread;
    std::string head;
    std::array<char, 4096> buffer{};
    while (!reader.head_done()) {
        auto reading = service_->read_some(buffer);
        auto count = co_await base::with_deadline<std::size_t>(std::move(reading), kServiceSilence);
        if (!count) co_return count.error();
        if (*count == 0 || head.size() > kMaxHeadBytes) {
            co_return base::make_error(base::ErrorKind::kProtocol, "no answer");
        }
        head.append(buffer.data(), *count);
        unread.append(buffer.data(), *count);
        auto used = reader.feed(unread);
        if (!used) co_return used.error();
        unread.erase(0, *used);
    }
    answered_ = true;
    auto written = co_await client_->write_all(head);
    if (!written) co_return written.error();
    co_return reader.head().status == 101;
}

base::Task<base::Result<void>> ServiceProxy::pass_answer() {
    std::array<char, 16U << 10U> buffer{};
    while (true) {
        auto reading = service_->read_some(buffer);
        auto count = co_await base::with_deadline<std::size_t>(std::move(reading), kServiceSilence);
        if (!count) co_return count.error();
        if (*count == 0) co_return base::Result<void>();
        answered_ = true;
        const std::string_view piece(buffer.data(), *count);
        auto written = co_await client_->write_all(piece);
        if (!written) co_return written.error();
    }
}

base::Task<void> ServiceProxy::from_client(bool to_service) {
    std::array<char, 16U << 10U> buffer{};
    while (true) {
        auto count = co_await client_->read_some(buffer);
        if (!count || *count == 0) break;
        if (!to_service) continue;
        const std::string_view piece(buffer.data(), *count);
        auto given = co_await service_->write_all(piece);
        if (!given) break;
    }
    service_->close();
}

}  // namespace runner::interactive
