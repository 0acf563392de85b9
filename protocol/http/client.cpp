#include "protocol/http/client.hpp"

#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/http/connection.hpp"
#include "protocol/http/connector.hpp"
#include "protocol/http/pool.hpp"
#include "protocol/http/redirect.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

namespace asio = boost::asio;
using base::ErrorKind;

namespace {

using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::size_t kMaxRedirectBody = 64U << 10U;

/// A request under way, from its connection to the end of its answer.
struct Exchange {
    std::unique_ptr<Connection> connection;
    std::unique_ptr<Watchdog> watchdog;  // goes first: its closer refers to the connection

    void guard() {
        auto* raw = connection.get();
        watchdog->guard([raw] { raw->close(); });
    }
};

/// What client and streamed answers share; it lives as long as the last of them.
class Core : public std::enable_shared_from_this<Core> {
  public:
    Core(const asio::any_io_executor& executor, ClientOptions options, Origin origin,
         ProxySettings proxies)
        : executor_(executor),
          options_(std::move(options)),
          origin_(std::move(origin)),
          connector_(options_, std::move(proxies)),
          pool_(std::make_shared<Pool>(executor, Pool::Limits{options_.idle_limit, options_.max_age,
                                                              options_.max_idle_connections})) {}

    /// Until the final answer's header is there.
    base::Task<base::Result<Exchange>> begin(Request request, unsigned redirects);
    /// The rest of the body, then the connection goes back.
    base::Task<base::Result<Response>> finish(Exchange exchange, std::size_t limit);
    void give_back(Exchange& exchange);
    base::Error explain(const Exchange& exchange, const base::Error& error) const;

    Pool& pool() { return *pool_; }
    Connector& connector() { return connector_; }
    [[nodiscard]] const ClientOptions& options() const { return options_; }
    [[nodiscard]] const Origin& origin() const { return origin_; }
    [[nodiscard]] const std::string& peer_ca_chain() const { return peer_ca_chain_; }

  private:
    base::Task<base::Result<void>> attempt(const Request& request, const Origin& origin,
                                           Exchange& exchange, bool may_reuse);
    base::Task<base::Result<void>> converse(const Request& request, Exchange& exchange);
    /// Answers whether the connection was used before.
    base::Task<base::Result<bool>> obtain(const Origin& origin, Exchange& exchange, bool may_reuse);

    asio::any_io_executor executor_;
    ClientOptions options_;
    Origin origin_;
    Connector connector_;
    std::shared_ptr<Pool> pool_;
    std::string peer_ca_chain_;
};

base::Task<base::Result<Exchange>> Core::begin(Request request, unsigned redirects) {
    Url here{origin_, request.target};
    const auto limit = options_.total_limit;
    const auto end =
        limit.count() > 0 ? std::chrono::steady_clock::now() + limit : TimePoint::max();
    for (unsigned hop = 0;; ++hop) {
        Exchange exchange;
        exchange.watchdog = std::make_unique<Watchdog>(executor_, end);
        auto answered = co_await attempt(request, here.origin, exchange, true);
        if (!answered) co_return answered.error();
        const Response& head = exchange.connection->answer().head();
        if (hop < redirects && follow_redirect(head, request, here)) {
            // A short text goes with most redirects: read, it leaves the connection usable for the
            // next hop.
            auto read = co_await finish(std::move(exchange), kMaxRedirectBody);
            if (!read && read.error().is(ErrorKind::kCancelled)) co_return read.error();
            continue;
        }
        exchange.watchdog->allow_rest();
        co_return std::move(exchange);
    }
}

base::Task<base::Result<void>> Core::attempt(const Request& request, const Origin& origin,
                                             Exchange& exchange, bool may_reuse) {
    auto connected = co_await obtain(origin, exchange, may_reuse);
    if (!connected) co_return connected.error();
    const bool reused = *connected;
    auto answered = co_await converse(request, exchange);
    if (answered) co_return base::Result<void>();
    const base::Error error = explain(exchange, answered.error());
    const bool stale = reused && !exchange.connection->answer_began() && !request.source &&
                       error.is(ErrorKind::kUnavailable);
    exchange.watchdog->guard(nullptr);
    exchange.connection.reset();
    if (!stale) co_return error;
    // The peer closed an idle connection while our request was on its way.
    auto again = co_await attempt(request, origin, exchange, false);
    co_return again;
}

base::Task<base::Result<bool>> Core::obtain(const Origin& origin, Exchange& exchange,
                                            bool may_reuse) {
    const bool secure = origin.scheme == Scheme::kHttps;
    if (secure) {
        auto context = connector_.tls().get();
        if (!context) co_return context.error();
    }
    const unsigned generation = connector_.tls().generation();
    if (may_reuse) exchange.connection = pool_->take(origin, generation);
    if (exchange.connection) {
        exchange.guard();
        co_return true;
    }
    auto transport = co_await connector_.connect(origin, *exchange.watchdog);
    if (!transport) co_return transport.error();
    if (secure && origin == origin_) peer_ca_chain_ = (*transport)->peer_ca_chain();
    exchange.connection = std::make_unique<Connection>(std::move(*transport), origin, generation);
    exchange.guard();
    co_return false;
}

base::Task<base::Result<void>> Core::converse(const Request& request, Exchange& exchange) {
    Connection& connection = *exchange.connection;
    const Origin& origin = connection.origin();
    const std::string host = origin.authority();
    std::string prefix;
    WireContext context{host, options_.user_agent, {}, {}};
    const Proxy* proxy = connector_.plain_proxy(origin);
    if (proxy != nullptr) {
        prefix = "http://" + host;
        context.target_prefix = prefix;
        context.proxy_authorization = proxy->authorization.reveal();
    }
    exchange.watchdog->allow_rest();
    auto sent = co_await connection.send(request, context);
    if (!sent) co_return sent.error();
    exchange.watchdog->allow(options_.header_limit);
    auto answered = co_await connection.read_head();
    co_return answered;
}

base::Error Core::explain(const Exchange& exchange, const base::Error& error) const {
    const std::string where =
        exchange.connection ? exchange.connection->origin().address() : origin_.address();
    if (exchange.watchdog->expired()) {
        return base::make_error(ErrorKind::kTimeout, where + ": no complete answer in time");
    }
    return error.with_context(where);
}

void Core::give_back(Exchange& exchange) {
    exchange.watchdog.reset();
    if (exchange.connection->answer().done()) pool_->give(std::move(exchange.connection));
    exchange.connection.reset();
}

base::Task<base::Result<Response>> Core::finish(Exchange exchange, std::size_t limit) {
    ResponseReader& answer = exchange.connection->answer();
    auto fits = answer.set_body_limit(limit);
    if (!fits) co_return explain(exchange, fits.error());
    while (!answer.done()) {
        auto more = co_await exchange.connection->read_more();
        if (!more) co_return explain(exchange, more.error());
    }
    Response response = std::move(answer.head());
    response.body = std::move(answer.body());
    give_back(exchange);
    co_return std::move(response);
}

class StreamedAnswer final : public StreamingResponse {
  public:
    StreamedAnswer(std::shared_ptr<Core> core, Exchange exchange)
        : core_(std::move(core)),
          exchange_(std::move(exchange)),
          head_(exchange_.connection->answer().head()) {}

    [[nodiscard]] const Response& head() const override { return head_; }

    base::Task<base::Result<std::string>> read_some(std::size_t limit) override {
        if (!exchange_.connection) co_return std::string();
        ResponseReader& answer = exchange_.connection->answer();
        while (answer.body().empty() && !answer.done()) {
            auto more = co_await exchange_.connection->read_more();
            if (!more) co_return core_->explain(exchange_, more.error());
        }
        std::string& pending = answer.body();
        std::string piece;
        if (pending.size() <= limit) {
            piece = std::exchange(pending, std::string());
        } else {
            piece = pending.substr(0, limit);
            pending.erase(0, limit);
        }
        if (pending.empty() && answer.done()) core_->give_back(exchange_);
        co_return std::move(piece);
    }

  private:
    std::shared_ptr<Core> core_;
    Exchange exchange_;
    Response head_;
};

/// What follows an upgrade. The first bytes may have come with the header.
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
    explicit PooledClient(std::shared_ptr<Core> core) : core_(std::move(core)) {}
    ~PooledClient() override { core_->pool().clear(); }
    PooledClient(const PooledClient&) = delete;
    PooledClient& operator=(const PooledClient&) = delete;

    base::Task<base::Result<Response>> send(Request request) override {
        const auto core = core_;
        auto exchange = co_await core->begin(std::move(request), core->options().max_redirects);
        if (!exchange) co_return exchange.error();
        const std::size_t limit = core->options().max_body_bytes;
        auto response = co_await core->finish(std::move(*exchange), limit);
        co_return std::move(response);
    }

    base::Task<base::Result<std::unique_ptr<StreamingResponse>>> open(Request request) override {
        const auto core = core_;
        auto exchange = co_await core->begin(std::move(request), core->options().max_redirects);
        if (!exchange) co_return exchange.error();
        co_return std::unique_ptr<StreamingResponse>(
            std::make_unique<StreamedAnswer>(core, std::move(*exchange)));
    }

    base::Task<base::Result<std::unique_ptr<ByteStream>>> upgrade(Request request) override;

    void close_idle() override { core_->pool().clear(); }
    [[nodiscard]] std::string peer_ca_chain() const override { return core_->peer_ca_chain(); }

  private:
    std::shared_ptr<Core> core_;
};

base::Task<base::Result<std::unique_ptr<ByteStream>>> PooledClient::upgrade(Request request) {
    constexpr std::size_t kShownBytes = 4096;
    const auto core = core_;
    auto exchange = co_await core->begin(std::move(request), 0);
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
    auto refused = co_await core->finish(std::move(*exchange), 1U << 20U);
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
    auto core =
        std::make_shared<Core>(executor, std::move(options), url->origin, std::move(proxies));
    if (url->origin.scheme == Scheme::kHttps) {
        auto context = core->connector().tls().get();
        if (!context) return context.error();
    }
    return std::unique_ptr<Client>(std::make_unique<PooledClient>(std::move(core)));
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
