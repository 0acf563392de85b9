#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "executors/helper/posix.hpp"
#include "executors/helper/reactor.hpp"

namespace executors::helper {

/// Work that may block (files, waiting for a socket), done in a process of its own beside the loop.
///
/// Life: the supervisor makes it and is told once, through `on_end`, what the work printed: a JSON
/// object. A work function that throws Failure answers {"ok":false,"error":…}. Destroying a worker
/// that has not ended kills it.
class Worker {
  public:
    /// `work` runs in the child; it reads its upload from `input` (-1 without one) and returns
    /// JSON.
    Worker(Reactor& reactor, bool has_input, const std::function<std::string(int input)>& work,
           std::function<void(const std::string& json)> on_end);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// The upload's pipe, non-blocking; -1 when it was closed.
    [[nodiscard]] int input() const { return input_.get(); }
    void close_input() { input_.reset(); }
    /// The upload was cut off: the work must not take what it has for the whole.
    void abort(const std::string& reason);
    [[nodiscard]] bool has_ended() const { return !output_; }

  private:
    void on_readable();

    Reactor& reactor_;
    pid_t pid_ = -1;
    Fd input_;
    Fd output_;
    std::string answer_;
    std::function<void(const std::string&)> on_end_;
};

std::string failure_json(const std::string& error);

}  // namespace executors::helper
