#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "executors/helper/posix.hpp"
#include "executors/helper/reactor.hpp"

namespace executors::helper {

/// Work that may block (files, waiting for a socket), done in a process of its own beside the
/// supervisor's loop.
///
/// Life: `on_end` is called once, with the JSON that the work has returned; for a work function
/// that throws, that is {"ok":false,"error":…}. The destructor kills a worker that has not ended.
class Worker {
  public:
    /// `work` runs in the new process; it reads its upload from `input` (-1 without one) and
    /// returns a JSON object. Throws Failure when there can be no process.
    Worker(Reactor& reactor, bool has_input, const std::function<std::string(int input)>& work,
           std::function<void(const std::string& json)> on_end);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// The pipe for the upload, non-blocking; -1 when it is closed.
    [[nodiscard]] int input() const { return input_.get(); }
    /// The upload is complete.
    void close_input() { input_.reset(); }
    /// The upload was cut off. The process is killed, so that it does not take a part for the
    /// whole; `on_end` gets `reason` as the error.
    void abort(const std::string& reason);
    [[nodiscard]] bool has_ended() const { return !output_; }

  private:
    void on_readable();

    Reactor& reactor_;
    pid_t pid_ = -1;
    UniqueFd input_;
    UniqueFd output_;
    std::string answer_;
    std::function<void(const std::string&)> on_end_;
};

std::string failure_json(const std::string& error);

}  // namespace executors::helper
