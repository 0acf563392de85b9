#include "runner/trace/utf8_blocks.hpp"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::trace {

#if defined(__x86_64__)

namespace {

#define RUNNER_AVX2 __attribute__((target("avx2")))

/// The errors that two adjacent bytes can have. The method is that of Keiser and Lemire,
/// "Validating UTF-8 In Less Than One Instruction Per Byte" (2021): three lookups, each by four
/// bits, leave a bit only where all three agree.
enum : std::uint8_t {
    kTooShort = 1 << 0,      // a lead byte, then no continuation
    kTooLong = 1 << 1,       // ASCII, then a continuation
    kOverlong3 = 1 << 2,     // E0 80..9F
    kTooLarge = 1 << 3,      // F4 90.. and above
    kSurrogate = 1 << 4,     // ED A0..BF
    kOverlong2 = 1 << 5,     // C0, C1
    kTooLarge1000 = 1 << 6,  // F5.. 80..8F; shares its bit with F0 80..8F
    kOverlong4 = 1 << 6,
    kTwoContinuations = 1 << 7,
    kCarry = kTooShort | kTooLong | kTwoContinuations,
};

constexpr std::uint8_t kLarge = kCarry | kTooLarge | kTooLarge1000;

alignas(16) constexpr std::uint8_t kFirstHigh[16] = {
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTwoContinuations,
    kTwoContinuations,
    kTwoContinuations,
    kTwoContinuations,
    kTooShort | kOverlong2,
    kTooShort,
    kTooShort | kOverlong3 | kSurrogate,
    kTooShort | kTooLarge | kTooLarge1000 | kOverlong4};

alignas(16) constexpr std::uint8_t kFirstLow[16] = {kCarry | kOverlong3 | kOverlong2 | kOverlong4,
                                                    kCarry | kOverlong2,
                                                    kCarry,
                                                    kCarry,
                                                    kCarry | kTooLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge | kSurrogate,
                                                    kLarge,
                                                    kLarge};

constexpr std::uint8_t kAnySecond = kTooLong | kOverlong2 | kTwoContinuations;

alignas(16) constexpr std::uint8_t kSecondHigh[16] = {
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kAnySecond | kOverlong3 | kTooLarge1000 | kOverlong4,
    kAnySecond | kOverlong3 | kTooLarge,
    kAnySecond | kSurrogate | kTooLarge,
    kAnySecond | kSurrogate | kTooLarge,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort};

RUNNER_AVX2 inline __m256i table(const std::uint8_t* rows) {
    __m128i half;
    std::memcpy(&half, rows, sizeof half);
    return _mm256_broadcastsi128_si256(half);
}

RUNNER_AVX2 inline __m256i high_nibbles(__m256i bytes) {
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}

/// Non-zero at the bytes of `block`, which follows `before`, that are not valid.
RUNNER_AVX2 inline __m256i errors_of(__m256i block, __m256i before) {
    const __m256i joint = _mm256_permute2x128_si256(before, block, 0x21);
    const __m256i previous1 = _mm256_alignr_epi8(block, joint, 15);
    const __m256i previous2 = _mm256_alignr_epi8(block, joint, 14);
    const __m256i previous3 = _mm256_alignr_epi8(block, joint, 13);
    const __m256i low = _mm256_and_si256(previous1, _mm256_set1_epi8(15));
    __m256i special = _mm256_shuffle_epi8(table(kFirstHigh), high_nibbles(previous1));
    special = _mm256_and_si256(special, _mm256_shuffle_epi8(table(kFirstLow), low));
    special =
        _mm256_and_si256(special, _mm256_shuffle_epi8(table(kSecondHigh), high_nibbles(block)));
    // The third byte of a character of three or four bytes, and the fourth of one of four, follow
    // another continuation: kTwoContinuations must be set there and nowhere else.
    const __m256i third = _mm256_subs_epu8(previous2, _mm256_set1_epi8(0xE0 - 0x80));
    const __m256i fourth = _mm256_subs_epu8(previous3, _mm256_set1_epi8(0xF0 - 0x80));
    const __m256i wanted =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
    return _mm256_xor_si256(wanted, special);
}

/// `end`, or the beginning of a character that would be cut there (up to three bytes less).
std::size_t character_edge(std::string_view bytes, std::size_t end) {
    for (std::size_t back = 1; back <= 3 && back <= end; ++back) {
        const auto byte = static_cast<unsigned char>(bytes[end - back]);
        if (byte < 0x80) return end;
        if (byte < 0xC0) continue;
        const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        return length > back ? end - back : end;
    }
    return end;
}

RUNNER_AVX2 std::size_t scan(std::string_view bytes) {
    __m256i before = _mm256_setzero_si256();
    std::size_t at = 0;
    for (; at + 32 <= bytes.size(); at += 32) {
        __m256i block;
        std::memcpy(&block, bytes.data() + at, sizeof block);
        const __m256i errors = errors_of(block, before);
        if (_mm256_testz_si256(errors, errors) == 0) break;
        before = block;
    }
    return character_edge(bytes, at);
}

}  // namespace

std::size_t valid_utf8_blocks(std::string_view bytes) {
    static const bool can = __builtin_cpu_supports("avx2") != 0;
    return can ? scan(bytes) : 0;
}

#else

std::size_t valid_utf8_blocks(std::string_view) { return 0; }

#endif

}  // namespace runner::trace
