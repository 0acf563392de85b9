#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace runner::trace {

/// Finds the places where one of many patterns may begin, many times faster than an automaton
/// walks: bytes are looked at 32 at a time through tables of what the patterns' first four bytes
/// can be. There are false positives and no false negatives. A plain value; made once, then only
/// read.
class Prefilter {
  public:
    /// For each of the first four bytes of a pattern, the set of bytes that may stand there; a
    /// position behind a short pattern's end allows every byte.
    using ByteSet = std::array<std::uint64_t, 4>;
    static constexpr std::size_t kHeadBytes = 4;
    using Head = std::array<ByteSet, kHeadBytes>;

    void add(const Head& head) { heads_.push_back(head); }
    /// Call once behind the last add().
    void finish();

    /// The first candidate at or behind `from`; bytes.size() when there is none. The last three
    /// bytes are always candidates, because what follows them is not known.
    [[nodiscard]] std::size_t find(std::string_view bytes, std::size_t from) const;

  private:
    static constexpr std::size_t kBuckets = 8;

    [[nodiscard]] std::size_t find_scalar(std::string_view bytes, std::size_t from) const;
    [[nodiscard]] std::size_t find_avx2(std::string_view bytes, std::size_t from) const;
    [[nodiscard]] bool confirm(const char* at) const;
    void fill_nibbles(const Head& head, std::size_t bucket);
    void fill_fingerprints(const Head& head);

    std::vector<Head> heads_;  ///< emptied by finish()
    /// [position][low or high nibble][value]: a bit per bucket of patterns.
    std::array<std::array<std::array<std::uint8_t, 16>, 2>, kHeadBytes> nibbles_{};
    /// Hashed set of the patterns' beginnings; empty when a pattern is too short for one.
    std::vector<std::uint64_t> fingerprints_;
    ByteSet first_{};
    bool avx2_ = false;
};

/// The set of one byte, of a letter in both cases, of all bytes.
Prefilter::ByteSet byte_set(unsigned char byte);
Prefilter::ByteSet letter_set(unsigned char letter);
Prefilter::ByteSet any_byte();

}  // namespace runner::trace
