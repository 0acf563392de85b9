#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>

#include "protocol/http/connection.hpp"

namespace protocol::http {

/// Idle connections. One is closed when it is unused for too long, too old, made with an older TLS
/// configuration, or closed by the peer. Strand: the I/O thread; owned by a shared_ptr.
class Pool : public std::enable_shared_from_this<Pool> {
  public:
    struct Limits {
        std::chrono::seconds idle{90};
        std::chrono::seconds age{900};  ///< 0: no limit
        std::size_t count = 4;
    };

    Pool(const boost::asio::any_io_executor& executor, Limits limits);

    /// The connection to `origin` that was used last, or nullptr.
    std::unique_ptr<Connection> take(const Origin& origin, unsigned tls_generation);
    /// Keeps the connection if it is reusable, else closes it.
    void give(std::unique_ptr<Connection> connection);
    void clear();

  private:
    struct Entry {
        std::unique_ptr<Connection> connection;
        std::chrono::steady_clock::time_point since;
    };

    void sweep();
    void wake_for_the_oldest();
    [[nodiscard]] bool too_old(const Connection& connection) const;

    boost::asio::steady_timer timer_;
    Limits limits_;
    std::list<Entry> entries_;  ///< in order of `since`
};

}  // namespace protocol::http
