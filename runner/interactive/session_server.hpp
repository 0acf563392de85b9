#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/server.hpp"
#include "runner/interactive/address.hpp"
#include "runner/interactive/session.hpp"

namespace runner::interactive {

/// The HTTPS server of all sessions, with a certificate that is made at its start and told to
/// GitLab with each session (runner-protocol.md §3.4).
///
/// Life: listen(), start(), and stop() awaited to its end before the destructor. Sessions may
/// outlive it. Strand: the I/O thread.
class SessionServer {
  public:
    /// Fails as http::Server::listen(), and with kInvalidInput for the addresses.
    static base::Result<std::unique_ptr<SessionServer>> listen(
        const boost::asio::any_io_executor& executor, const std::string& listen_address,
        const std::string& advertise_address);

    void start();
    /// Ends what is left of the sessions' connections.
    base::Task<void> stop();

    /// A new session. It can be reached as long as somebody keeps it.
    std::shared_ptr<Session> open();
    [[nodiscard]] std::string url_of(const Session& session) const;
    /// PEM.
    [[nodiscard]] const std::string& certificate() const { return certificate_; }
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  private:
    SessionServer(const boost::asio::any_io_executor& executor, Addresses addresses);
    base::Task<protocol::http::Response> answer(protocol::http::Request request);

    boost::asio::any_io_executor executor_;
    Addresses addresses_;
    std::string certificate_;
    std::unique_ptr<protocol::http::Server> server_;
    std::map<std::string, std::weak_ptr<Session>> sessions_;
};

}  // namespace runner::interactive
