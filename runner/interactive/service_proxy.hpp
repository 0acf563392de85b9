#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "protocol/http/message.hpp"
#include "protocol/http/stream.hpp"
#include "runner/interactive/environment.hpp"

/// The way from a session's client to a port of the job (runner-protocol.md §3.4): one request for
/// each connection.
namespace runner::interactive {

/// "<service>/<port>/<path>?<query>" in its parts.
struct ProxyTarget {
    std::string service;
    std::string port;
    std::string rest;  ///< what the service is asked for: "/path?query", encoded as it came
};
std::optional<ProxyTarget> parse_proxy_path(std::string_view path);

/// A request as the service gets it.
struct ProxiedRequest {
    std::string bytes;
    bool upgrade = false;  ///< it may become a WebSocket or another protocol
};
/// The session's authorization and what belongs to the client's connection are left out; the
/// service closes the connection after its answer. kInvalidInput for a request that cannot be sent.
base::Result<ProxiedRequest> proxied_request(const protocol::http::Request& request,
                                             const std::string& target, const ProxiedPort& port);

/// Sends one request to a service and hands the answer on as it comes: bodies of any size and
/// WebSockets too. Life: run() once. Strand: the I/O thread.
class ServiceProxy {
  public:
    ServiceProxy(const boost::asio::any_io_executor& executor,
                 std::unique_ptr<protocol::http::ByteStream> client,
                 std::shared_ptr<protocol::http::ByteStream> service);

    base::Task<void> run(ProxiedRequest request, base::StopSource& ended);

  private:
    base::Task<base::Result<void>> exchange(ProxiedRequest request);
    /// Answers whether the connection is another protocol's from now on.
    base::Task<base::Result<bool>> pass_head();
    base::Task<base::Result<void>> pass_answer();
    /// Hands bytes of the client on, or drops them; notices its end in any case.
    base::Task<void> from_client(bool to_service);

    std::unique_ptr<protocol::http::ByteStream> client_;
    std::shared_ptr<protocol::http::ByteStream> service_;
    bool answered_ = false;
    base::TaskGroup group_;
};

}  // namespace runner::interactive
