#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/config/config.hpp"
#include "runner/daemon/job_requests.hpp"
#include "runner/interactive/session_server.hpp"

namespace runner::daemon {

/// The session server of the daemon, if the configuration asks for one.
///
/// Life: open() at most once, start(), and stop() awaited to its end before the destructor. Strand:
/// the I/O thread.
class SessionService {
  public:
    explicit SessionService(const boost::asio::any_io_executor& executor) : executor_(executor) {}

    /// Listens. Without a server, and with an error in the log, when the addresses cannot be used.
    /// Other failures are those of interactive::SessionServer::listen().
    base::Result<void> open(const config::SessionServerSettings& settings);
    void start();
    base::Task<void> stop();

    /// A new session for a request of the entry; none without a server, or for an executor that
    /// cannot serve it.
    [[nodiscard]] AnnouncedSession announce(const RunnerEntry& entry) const;
    /// The server listens where it listened at the start: other addresses of a configuration that
    /// was read again are replaced, with a warning.
    void keep_addresses(const config::SessionServerSettings& used,
                        config::SessionServerSettings& loaded) const;

  private:
    boost::asio::any_io_executor executor_;
    std::unique_ptr<interactive::SessionServer> server_;
};

}  // namespace runner::daemon
