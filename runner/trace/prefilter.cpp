#include "runner/trace/prefilter.hpp"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::trace {

namespace {

constexpr std::size_t kFingerprintBits = std::size_t{1} << 15U;
/// A pattern with letters in both cases has a few possible beginnings; a pattern of less than four
/// bytes has millions.
constexpr std::size_t kMaxBeginnings = 256;

bool contains(const Prefilter::ByteSet& set, unsigned value) {
    return (set[value >> 6U] >> (value & 63U) & 1U) != 0;
}

std::vector<unsigned char> members(const Prefilter::ByteSet& set) {
    std::vector<unsigned char> found;
    for (unsigned value = 0; value < 256; ++value) {
        if (contains(set, value)) found.push_back(static_cast<unsigned char>(value));
    }
    return found;
}

std::size_t hash_of(std::uint32_t head) { return (head * 0x9e37'79b1U) >> 17U; }

}  // namespace

Prefilter::ByteSet byte_set(unsigned char byte) {
    Prefilter::ByteSet set{};
    set[byte >> 6U] |= std::uint64_t{1} << (byte & 63U);
    return set;
}

Prefilter::ByteSet letter_set(unsigned char letter) {
    auto set = byte_set(letter);
    const bool is_letter = (letter | 0x20U) >= 'a' && (letter | 0x20U) <= 'z';
    if (is_letter) {
        const auto other = byte_set(static_cast<unsigned char>(letter ^ 0x20U));
        for (std::size_t i = 0; i < set.size(); ++i) set[i] |= other[i];
    }
    return set;
}

Prefilter::ByteSet any_byte() {
    Prefilter::ByteSet set{};
    set.fill(~std::uint64_t{0});
    return set;
}

void Prefilter::finish() {
    // Patterns with the same beginning share a bucket, because a bucket accepts every mixture of
    // the bytes of its patterns. The forms of one value mostly have one beginning.
    std::sort(heads_.begin(), heads_.end());
    heads_.erase(std::unique(heads_.begin(), heads_.end()), heads_.end());
    fingerprints_.assign(kFingerprintBits / 64, 0);
    const std::size_t per_bucket =
        std::max<std::size_t>(1, (heads_.size() + kBuckets - 1) / kBuckets);
    for (std::size_t i = 0; i < heads_.size(); ++i) {
        fill_nibbles(heads_[i], std::min(i / per_bucket, kBuckets - 1));
        fill_fingerprints(heads_[i]);
        for (std::size_t word = 0; word < first_.size(); ++word) first_[word] |= heads_[i][0][word];
    }
    heads_ = {};
#if defined(__x86_64__)
    avx2_ = __builtin_cpu_supports("avx2") != 0;
#endif
}

void Prefilter::fill_nibbles(const Head& head, std::size_t bucket) {
    const auto bit = static_cast<std::uint8_t>(1U << bucket);
    for (std::size_t position = 0; position < kHeadBytes; ++position) {
        for (unsigned value = 0; value < 256; ++value) {
            if (!contains(head[position], value)) continue;
            nibbles_[position][0][value & 15U] |= bit;
            nibbles_[position][1][value >> 4U] |= bit;
        }
    }
}

void Prefilter::fill_fingerprints(const Head& head) {
    if (fingerprints_.empty()) return;
    std::array<std::vector<unsigned char>, kHeadBytes> choices;
    std::size_t beginnings = 1;
    for (std::size_t i = 0; i < kHeadBytes; ++i) {
        choices[i] = members(head[i]);
        beginnings *= choices[i].size();
    }
    if (beginnings > kMaxBeginnings) {
        fingerprints_.clear();
        return;
    }
    for (std::size_t number = 0; number < beginnings; ++number) {
        std::array<unsigned char, kHeadBytes> bytes{};
        std::size_t rest = number;
        for (std::size_t i = 0; i < kHeadBytes; ++i) {
            bytes[i] = choices[i][rest % choices[i].size()];
            rest /= choices[i].size();
        }
        std::uint32_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        const auto hash = hash_of(value);
        fingerprints_[hash >> 6U] |= std::uint64_t{1} << (hash & 63U);
    }
}

bool Prefilter::confirm(const char* at) const {
    if (fingerprints_.empty()) return true;
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    const auto hash = hash_of(value);
    return (fingerprints_[hash >> 6U] >> (hash & 63U) & 1U) != 0;
}

std::size_t Prefilter::find(std::string_view bytes, std::size_t from) const {
#if defined(__x86_64__)
    if (avx2_) return find_avx2(bytes, from);
#endif
    return find_scalar(bytes, from);
}

std::size_t Prefilter::find_scalar(std::string_view bytes, std::size_t from) const {
    std::size_t i = from;
    for (; i + kHeadBytes <= bytes.size(); ++i) {
        if (contains(first_, static_cast<unsigned char>(bytes[i])) && confirm(bytes.data() + i))
            return i;
    }
    return i;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) std::size_t Prefilter::find_avx2(std::string_view bytes,
                                                                 std::size_t from) const {
    __m256i tables[kHeadBytes][2];
    for (std::size_t position = 0; position < kHeadBytes; ++position) {
        for (std::size_t half = 0; half < 2; ++half) {
            __m128i row;
            std::memcpy(&row, nibbles_[position][half].data(), sizeof row);
            tables[position][half] = _mm256_broadcastsi128_si256(row);
        }
    }
    const __m256i low_nibble = _mm256_set1_epi8(15);
    const __m256i zero = _mm256_setzero_si256();
    std::size_t i = from;
    for (; i + 32 + kHeadBytes - 1 <= bytes.size(); i += 32) {
        __m256i buckets = _mm256_set1_epi8(-1);
        for (std::size_t position = 0; position < kHeadBytes; ++position) {
            __m256i block;
            std::memcpy(&block, bytes.data() + i + position, sizeof block);
            const __m256i low = _mm256_and_si256(block, low_nibble);
            const __m256i high = _mm256_and_si256(_mm256_srli_epi16(block, 4), low_nibble);
            buckets = _mm256_and_si256(buckets, _mm256_shuffle_epi8(tables[position][0], low));
            buckets = _mm256_and_si256(buckets, _mm256_shuffle_epi8(tables[position][1], high));
        }
        const __m256i empty = _mm256_cmpeq_epi8(buckets, zero);
        auto found = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(empty));
        for (; found != 0; found &= found - 1) {
            const std::size_t at = i + static_cast<std::size_t>(__builtin_ctz(found));
            if (confirm(bytes.data() + at)) return at;
        }
    }
    return find_scalar(bytes, i);
}
#endif

}  // namespace runner::trace
