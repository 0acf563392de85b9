#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"

namespace executors::docker {

/// Removes the engine's framing (8 bytes: stream, three zeros, big-endian length) from a stream of
/// bytes that arrives in pieces of any size. Pure; one object for each stream. kProtocol for the
/// header of a stream that does not exist.
class StreamDemux {
  public:
    /// Works in place: moves the bytes of standard output to the front of `data` and answers how
    /// many there are; appends the bytes of standard error to `errors`, at most kMaxErrors in all.
    base::Result<std::size_t> extract(std::span<char> data, std::string& errors);
    /// Works in place: moves the bytes of both streams, in their order, to the front of `data` and
    /// answers how many there are.
    base::Result<std::size_t> merge(std::span<char> data);
    /// Whether the last frame was complete.
    [[nodiscard]] bool at_boundary() const { return left_ == 0 && header_size_ == 0; }

    static constexpr std::size_t kMaxErrors = 64U << 10U;

  private:
    /// `errors` null: both streams stay in `data`.
    base::Result<std::size_t> remove_frames(std::span<char> data, std::string* errors);
    /// Takes the bytes of a header that `data` begins with; answers how many they are.
    base::Result<std::size_t> take_header(std::span<const char> data);

    std::array<unsigned char, 8> header_{};
    std::size_t header_size_ = 0;
    std::uint32_t left_ = 0;
    unsigned stream_ = 0;
};

}  // namespace executors::docker
