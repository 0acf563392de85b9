#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace runner::trace {

/// Finds the positions where one of many patterns may begin, many times faster than an automaton:
/// it checks 32 bytes at a time against tables of the first four bytes of all patterns. There are
/// false positives and no false negatives. A plain value; made once, then only read.
class Prefilter {
  public:
    /// For each of the first four positions of a pattern, the set of bytes that may be there.
    /// Positions after the end of a short pattern allow every byte.
    using ByteSet = std::array<std::uint64_t, 4>;
    static constexpr std::size_t kHeadBytes = 4;
    using Head = std::array<ByteSet, kHeadBytes>;

    void add(const Head& head) { heads_.push_back(head); }
    /// To be called once, after the last add().
    void finish();

    /// The first candidate from `from` on; bytes.size() when there is none. The last three bytes
    /// are always candidates, because the bytes after them are not known.
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
    /// Hash set of the first four bytes of all patterns; empty when a pattern is shorter.
    std::vector<std::uint64_t> fingerprints_;
    ByteSet first_{};
    bool avx2_ = false;
};

/// The set of one byte; of a letter in both cases; of all bytes.
Prefilter::ByteSet byte_set(unsigned char byte);
Prefilter::ByteSet letter_set(unsigned char letter);
Prefilter::ByteSet any_byte();

}  // namespace runner::trace
