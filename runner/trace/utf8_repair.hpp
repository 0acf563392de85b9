#pragma once

#include <string>
#include <string_view>

#include "runner/trace/byte_sink.hpp"

namespace runner::trace {

/// Passes valid UTF-8 on; each byte that is not part of it becomes one U+FFFD. A character that is
/// cut by the end of a write is held back until its rest arrives (at most three bytes).
class Utf8Repair {
  public:
    void write(std::string_view bytes, ByteSink& out);
    void close(ByteSink& out);

    [[nodiscard]] const std::string& pending() const { return pending_; }
    void restore(std::string pending) { pending_ = std::move(pending); }

  private:
    std::string_view complete_pending(std::string_view bytes, ByteSink& out);

    std::string pending_;
};

/// The length of the longest beginning that is valid and ends between two characters.
std::size_t valid_utf8_length(std::string_view bytes);
/// `length`, or up to three bytes less, so that no character of `bytes` is cut.
std::size_t utf8_cut(std::string_view bytes, std::size_t length);

}  // namespace runner::trace
