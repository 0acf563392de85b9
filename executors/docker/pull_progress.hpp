#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace executors::docker {

/// Reads the progress of a pull, which the engine sends as lines of JSON. A line of more than 1 MiB
/// is a failure, and its rest is not kept; layers beyond 10,000 are not counted. Pure.
class PullProgress {
  public:
    /// A piece of the stream, cut anywhere.
    void add(std::string_view piece);
    /// The last line may have no end.
    void finish();
    /// What the engine says of a failure; nullopt when there was none.
    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
    /// The bytes of the layers, compressed, that the engine did not have yet.
    [[nodiscard]] std::uint64_t bytes() const;

  private:
    void add_line(std::string_view line);

    std::string rest_;
    bool skips_ = false;  ///< up to the end of a line that is too long
    std::optional<std::string> failure_;
    std::map<std::string, std::uint64_t> layers_;
};

}  // namespace executors::docker
