#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"

namespace executors::docker {

/// Takes the engine's framing (8 bytes: stream, three zeros, big-endian length) off a stream of
/// bytes that comes in pieces of any size. Pure; one object per stream.
class StreamDemux {
  public:
    /// Works in place: moves the bytes of standard output to the front of `data` and answers how
    /// many there are; appends those of standard error to `errors`, of which at most kMaxErrors are
    /// kept. kProtocol for a frame of a stream that does not exist.
    base::Result<std::size_t> extract(std::span<char> data, std::string& errors);
    /// Whether the last frame was complete.
    [[nodiscard]] bool at_boundary() const { return left_ == 0 && header_size_ == 0; }

    static constexpr std::size_t kMaxErrors = 64U << 10U;

  private:
    std::array<unsigned char, 8> header_{};
    std::size_t header_size_ = 0;
    std::uint32_t left_ = 0;
    unsigned stream_ = 0;
};

}  // namespace executors::docker
