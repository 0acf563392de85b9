#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/message.hpp"
#include "runner/collector/collect.hpp"
#include "runner/daemon/job_host.hpp"
#include "runner/daemon/job_poller.hpp"
#include "runner/daemon/pauses.hpp"

namespace runner::daemon {

/// The control socket: the pages of the status endpoint, and what changes the daemon's state, for
/// the users that may_control() allows. Answers to changes are JSON; {"error": "…"} when refused.
///
/// Life: listen(), start(), stop() awaited to its end. Strand: the I/O thread.
class ControlService {
  public:
    /// The parts that it controls. They live until stop() has returned. No function may be empty.
    struct Host {
        JobHost* jobs = nullptr;
        JobPoller* poller = nullptr;
        std::function<std::vector<std::string>()> runner_names;
        std::function<void()> pauses_changed;
        std::function<base::Task<protocol::http::Response>(protocol::http::Request)> page;
        /// DiskKeeper::collect_now().
        std::function<base::Task<base::Result<std::vector<collector::PlaceReport>>>(
            collector::Wish)>
            collect;
    };

    explicit ControlService(const boost::asio::any_io_executor& executor);
    ~ControlService();
    ControlService(const ControlService&) = delete;
    ControlService& operator=(const ControlService&) = delete;

    /// Reads what is paused, and makes the socket. `group`: its group by name, "" for that of the
    /// daemon. Fails as listen_on_unix() does, and for a group that does not exist.
    base::Result<void> listen(const std::filesystem::path& state_dir, const std::string& group);
    /// Begins to answer. Callers that have connected since listen() have waited until now.
    void start(Host host);
    [[nodiscard]] const PauseSet& pauses() const;
    /// Removes the socket.
    base::Task<void> stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace runner::daemon
