#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Stops the programs of a container that waits for its job: an idle engine and its containerd take
/// a sixth of a percent of a core, a stopped one nothing.
///
/// The container's first program goes on, because a process cannot stop the first one of its own
/// PID namespace, and so do this process and those that wait for the engine. An engine that is the
/// first program itself is left alone with all others: it would start a containerd again that does
/// not answer it.
///
/// For a container with a PID namespace of its own only. Not for threads.
class Rest {
  public:
    explicit Rest(std::string socket = "/var/run/docker.sock",
                  std::function<std::vector<pid_t>()> processes = list_processes)
        : socket_(std::move(socket)), processes_(std::move(processes)) {}
    ~Rest() { end(); }
    Rest(const Rest&) = delete;
    Rest& operator=(const Rest&) = delete;

    /// Stops the engine behind the socket, then everything else. False when there is none that can
    /// be stopped. Throws Failure when nobody listens.
    bool begin();
    /// Lets them go on, the engine last. Does nothing without a begin().
    void end();
    [[nodiscard]] bool is_begun() const { return !stopped_.empty(); }
    /// Returns when `fd` can be read. Meanwhile the rest ends when somebody asks the engine to end:
    /// a stopped process does not see the signal, and `docker stop` would wait for its limit.
    void wait_readable(int fd);

  private:
    void stop_others();

    std::string socket_;
    std::function<std::vector<pid_t>()> processes_;
    std::vector<pid_t> stopped_;  ///< the engine first
    UniqueFd status_;             ///< of the engine, in /proc
};

}  // namespace executors::helper
