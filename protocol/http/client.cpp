#include "protocol/http/client.hpp"

#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/http/exchanger.hpp"

namespace protocol::http {

namespace asio = boost::asio;
using base::ErrorKind;

namespace {

class StreamedAnswer final : public StreamingResponse {
  public:
    StreamedAnswer(std::shared_ptr<Exchanger> exchanger, Exchange exchange)
        : exchanger_(std::move(exchanger)),
          exchange_(std::move(exchange)),
          head_(exchange_.connection->answer().head()) {}

    [[nodiscard]] const Response& head() const override { return head_; }

    base::Task<base::Result<std::string>> read_some(std::size_t limit) override {
        if (!exchange_.connection) co_return std::string();
        ResponseReader& answer = exchange_.connection->answer();
        while (answer.body().empty() && !answer.done()) {
            auto more = co_await exchange_.connection->read_more();
            if (!more) co_return exchanger_->explain(exchange_, more.error());
        }
        std::string& pending = answer.body();
        std::string piece;
        if (pending.size() <= limit) {
            piece = std::exchange(pending, std::string());
        } else {
            piece = pending.substr(0, limit);
            pending.erase(0, limit);
        }
        if (pending.empty() && answer.done()) exchanger_->give_back(exchange_);
        co_return std::move(piece);
    }

  private:
    std::shared_ptr<Exchanger> exchanger_;
    Exchange exchange_;
    Response head_;
};

/// The raw stream after an upgrade. Its first bytes may have come with the header.
class UpgradedStream final : public ByteStream {
  public:
    UpgradedStream(std::unique_ptr<Transport> transport, std::string first)
        : transport_(std::move(transport)), first_(std::move(first)) {}

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
        if (!first_.empty()) {
            const std::size_t count = std::min(target.size(), first_.size());
            std::memcpy(target.data(), first_.data(), count);
            first_.erase(0, count);
            co_return count;
        }
        auto count = co_await transport_->read_some(target);
        co_return count;
    }
    base::Task<base::Result<void>> write_all(std::string_view bytes) override {
        return transport_->write_all(bytes);
    }
    void shutdown_write() override { transport_->shutdown_write(); }
    void close() override { transport_->close(); }

  private:
    std::unique_ptr<Transport> transport_;
    std::string first_;
};

ErrorKind refusal_kind(unsigned status) {
    switch (status) {
        case 400: return ErrorKind::kInvalidInput;
        case 401: return ErrorKind::kUnauthorized;
        case 403: return ErrorKind::kForbidden;
        case 404: return ErrorKind::kNotFound;
        case 409: return ErrorKind::kConflict;
        default: return status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kProtocol;
    }
}

class PooledClient final : public Client {
  public:
    explicit PooledClient(std::shared_ptr<Exchanger> exchanger)
        : exchanger_(std::move(exchanger)) {}
    ~PooledClient() override { exchanger_->close_idle(); }
    PooledClient(const PooledClient&) = delete;
    PooledClient& operator=(const PooledClient&) = delete;

    base::Task<base::Result<Response>> send(Request request) override {
        const auto exchanger = exchanger_;
        const std::size_t cut_at = request.cut_answer_at;
        auto exchange =
            co_await exchanger->begin(std::move(request), exchanger->options().max_redirects);
        if (!exchange) co_return exchange.error();
        if (cut_at > 0) {
            auto beginning = co_await exchanger->read_beginning(std::move(*exchange), cut_at);
            co_return std::move(beginning);
        }
        const std::size_t limit = exchanger->options().max_body_bytes;
        auto response = co_await exchanger->finish(std::move(*exchange), limit);
        co_return std::move(response);
    }

    base::Task<base::Result<std::unique_ptr<StreamingResponse>>> open(Request request) override {
        const auto exchanger = exchanger_;
        auto exchange =
            co_await exchanger->begin(std::move(request), exchanger->options().max_redirects);
        if (!exchange) co_return exchange.error();
        co_return std::unique_ptr<StreamingResponse>(
            std::make_unique<StreamedAnswer>(exchanger, std::move(*exchange)));
    }

    base::Task<base::Result<std::unique_ptr<ByteStream>>> upgrade(Request request) override;

    void close_idle() override { exchanger_->close_idle(); }
    [[nodiscard]] std::string peer_ca_chain() const override { return exchanger_->peer_ca_chain(); }

  private:
    std::shared_ptr<Exchanger> exchanger_;
};

base::Task<base::Result<std::unique_ptr<ByteStream>>> PooledClient::upgrade(Request request) {
    constexpr std::size_t kShownBytes = 4096;
    const auto exchanger = exchanger_;
    auto exchange = co_await exchanger->begin(std::move(request), 0);
    if (!exchange) co_return exchange.error();
    Connection& connection = *exchange->connection;
    const unsigned status = connection.answer().head().status;
    if (status == 101 || status == 200) {
        exchange->watchdog.reset();
        std::string first(connection.leftover());
        co_return std::unique_ptr<ByteStream>(
            std::make_unique<UpgradedStream>(connection.release(), std::move(first)));
    }
    std::string text = std::to_string(status) + " " + connection.answer().head().reason;
    auto refused = co_await exchanger->finish(std::move(*exchange), 1U << 20U);
    if (refused) text += ": " + refused->body.substr(0, kShownBytes);
    co_return base::make_error(refusal_kind(status), std::move(text));
}

}  // namespace

base::Result<std::unique_ptr<Client>> make_client(const asio::any_io_executor& executor,
                                                  ClientOptions options) {
    auto url = parse_url(options.endpoint);
    if (!url) return url.error();
    ProxySettings proxies;
    if (options.proxy_from_environment) {
        auto found = ProxySettings::from_environment(environment_value);
        if (!found) return found.error();
        proxies = std::move(*found);
    }
    auto exchanger =
        std::make_shared<Exchanger>(executor, std::move(options), url->origin, std::move(proxies));
    if (auto usable = exchanger->check_tls(); !usable) return usable.error();
    return std::unique_ptr<Client>(std::make_unique<PooledClient>(std::move(exchanger)));
}

base::Task<base::Result<std::unique_ptr<ByteStream>>> connect_unix(std::string path) {
    constexpr std::chrono::seconds kLimit{30};
    auto executor = co_await asio::this_coro::executor;
    Watchdog watchdog(executor, std::chrono::steady_clock::now() + kLimit);
    auto socket = co_await dial_unix(std::move(path), watchdog);
    if (!socket) co_return socket.error();
    co_return std::unique_ptr<ByteStream>(make_plain_transport(std::move(*socket)));
}

}  // namespace protocol::http
