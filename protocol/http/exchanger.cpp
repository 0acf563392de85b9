#include "protocol/http/exchanger.hpp"

#include <chrono>
#include <utility>

#include "protocol/http/redirect.hpp"
#include "protocol/http/tunnel.hpp"

namespace protocol::http {

using base::ErrorKind;

namespace {

using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::size_t kMaxRedirectBody = 64U << 10U;

}  // namespace

void Exchange::guard() {
    auto* raw = connection.get();
    watchdog->guard([raw] { raw->close(); });
}

Exchanger::Exchanger(const boost::asio::any_io_executor& executor, ClientOptions options,
                     Origin origin, ProxySettings proxies)
    : executor_(executor),
      options_(std::move(options)),
      origin_(std::move(origin)),
      connector_(options_, std::move(proxies)),
      pool_(std::make_shared<Pool>(executor, Pool::Limits{options_.idle_limit, options_.max_age,
                                                          options_.max_idle_connections})) {}

base::Result<void> Exchanger::check_tls() {
    if (origin_.scheme != Scheme::kHttps) return {};
    auto context = connector_.tls().get();
    if (!context) return context.error();
    return {};
}

base::Task<base::Result<Exchange>> Exchanger::begin(Request request, unsigned redirects) {
    Url here{origin_, request.target};
    const auto limit = options_.total_limit;
    const auto end =
        limit.count() > 0 ? std::chrono::steady_clock::now() + limit : TimePoint::max();
    for (unsigned hop = 0;; ++hop) {
        Exchange exchange;
        exchange.watchdog = std::make_unique<Watchdog>(executor_, end);
        auto answered = co_await try_exchange(request, here.origin, exchange, true);
        if (!answered) co_return answered.error();
        const Response& head = exchange.connection->answer().head();
        if (hop < redirects && follow_redirect(head, request, here)) {
            // Most redirects have a short text. When it has been read, the connection can be used
            // for the next hop.
            auto read = co_await finish(std::move(exchange), kMaxRedirectBody);
            if (!read && read.error().is(ErrorKind::kCancelled)) co_return read.error();
            continue;
        }
        exchange.watchdog->allow_rest();
        co_return std::move(exchange);
    }
}

base::Task<base::Result<void>> Exchanger::try_exchange(const Request& request, const Origin& origin,
                                                       Exchange& exchange, bool may_reuse) {
    auto connected = co_await get_connection(origin, exchange, may_reuse);
    if (!connected) co_return connected.error();
    const bool reused = *connected;
    auto answered = co_await send_and_read_head(request, exchange);
    if (answered) co_return base::Result<void>();
    const base::Error error = explain(exchange, answered.error());
    const bool stale = reused && !exchange.connection->answer_began() && !request.source &&
                       error.is(ErrorKind::kUnavailable);
    exchange.watchdog->guard(nullptr);
    exchange.connection.reset();
    if (!stale) co_return error;
    // The peer closed the idle connection while the request was being sent.
    auto again = co_await try_exchange(request, origin, exchange, false);
    co_return again;
}

base::Task<base::Result<bool>> Exchanger::get_connection(const Origin& origin, Exchange& exchange,
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

base::Task<base::Result<void>> Exchanger::send_and_read_head(const Request& request,
                                                             Exchange& exchange) {
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
    if (answered && proxy != nullptr && connection.answer().head().status == 407) {
        const std::string text = "407 " + connection.answer().head().reason;
        co_return base::make_error(ErrorKind::kUnauthorized,
                                   text + std::string(login_remedy(*proxy)));
    }
    co_return answered;
}

base::Error Exchanger::explain(const Exchange& exchange, const base::Error& error) const {
    const Origin& origin = exchange.connection ? exchange.connection->origin() : origin_;
    std::string where = origin.address();
    if (const Proxy* proxy = connector_.plain_proxy(origin))
        where += " through the proxy " + proxy->shown();
    if (exchange.watchdog->expired()) {
        return base::make_error(ErrorKind::kTimeout, where + ": no complete answer in time");
    }
    return error.with_context(where);
}

void Exchanger::give_back(Exchange& exchange) {
    exchange.watchdog.reset();
    if (exchange.connection->answer().done()) pool_->give(std::move(exchange.connection));
    exchange.connection.reset();
}

base::Task<base::Result<Response>> Exchanger::finish(Exchange exchange, std::size_t limit) {
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

base::Task<base::Result<Response>> Exchanger::read_beginning(Exchange exchange, std::size_t limit) {
    ResponseReader& answer = exchange.connection->answer();
    while (!answer.done() && answer.body().size() <= limit) {
        auto more = co_await exchange.connection->read_more();
        if (!more) co_return explain(exchange, more.error());
    }
    Response response = std::move(answer.head());
    response.body = std::move(answer.body());
    response.cut = response.body.size() > limit;
    if (response.cut) response.body.resize(limit);
    give_back(exchange);
    co_return std::move(response);
}

}  // namespace protocol::http
