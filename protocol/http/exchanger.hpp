#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "protocol/http/client.hpp"
#include "protocol/http/connection.hpp"
#include "protocol/http/connector.hpp"
#include "protocol/http/pool.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// A request under way, from its connection to the end of its answer.
struct Exchange {
    std::unique_ptr<Connection> connection;
    /// Declared after the connection: it is destroyed first, because it may close the connection.
    std::unique_ptr<Watchdog> watchdog;

    /// The watchdog closes the connection when its time is over.
    void guard();
};

/// Carries out the requests of one client: takes or makes a connection, sends, follows redirects,
/// reads the answer, and returns the connection to the pool. Internal to protocol/http.
///
/// Life: shared by the client and its streamed answers. Strand: the I/O thread; exchanges may
/// overlap. Failures are those of Client.
class Exchanger {
  public:
    Exchanger(const boost::asio::any_io_executor& executor, ClientOptions options, Origin origin,
              ProxySettings proxies);

    /// Answers when the header of the final answer has been read. Follows at most `redirects`.
    base::Task<base::Result<Exchange>> begin(Request request, unsigned redirects);
    /// Reads the rest of the body, at most `limit` bytes, and returns the connection.
    base::Task<base::Result<Response>> finish(Exchange exchange, std::size_t limit);
    /// Reads at most `limit` bytes of the body. A longer body is cut, and the connection closed.
    base::Task<base::Result<Response>> read_beginning(Exchange exchange, std::size_t limit);
    /// Returns the connection to the pool if its answer has been read to the end.
    void give_back(Exchange& exchange);
    /// `error` with the address of the peer, or kTimeout when the watchdog caused it.
    [[nodiscard]] base::Error explain(const Exchange& exchange, const base::Error& error) const;

    /// kInvalidInput when the TLS files cannot be used.
    base::Result<void> check_tls();
    void close_idle() { pool_->clear(); }
    [[nodiscard]] const ClientOptions& options() const { return options_; }
    [[nodiscard]] const std::string& peer_ca_chain() const { return peer_ca_chain_; }

  private:
    base::Task<base::Result<void>> try_exchange(const Request& request, const Origin& origin,
                                                Exchange& exchange, bool may_reuse);
    base::Task<base::Result<void>> send_and_read_head(const Request& request, Exchange& exchange);
    /// Answers whether the connection was used before.
    base::Task<base::Result<bool>> get_connection(const Origin& origin, Exchange& exchange,
                                                  bool may_reuse);

    boost::asio::any_io_executor executor_;
    ClientOptions options_;
    Origin origin_;
    Connector connector_;
    std::shared_ptr<Pool> pool_;
    std::string peer_ca_chain_;
};

}  // namespace protocol::http
