#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace executors {

/// The download of one image, with all its tries.
struct ImagePull {
    bool done = false;  ///< false: it failed
    std::chrono::microseconds duration{};
    std::uint64_t bytes = 0;  ///< compressed, as they came from the registry
};

/// Hears what an executor is busy with, for the metrics and the status page. Calls return at once.
/// Strand: the I/O thread.
class ExecutorObserver {
  public:
    virtual ~ExecutorObserver() = default;
    /// A value of the metric label `executor_stage` without the executor's name: "pulling_image"
    /// (runner-protocol.md §8).
    virtual void on_step(std::string_view step) = 0;
    virtual void on_pull(const ImagePull& pull) = 0;
};

}  // namespace executors
