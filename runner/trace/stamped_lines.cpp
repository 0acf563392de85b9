#include "runner/trace/stamped_lines.hpp"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace runner::trace {

namespace {

/// Copies one line at a time: the end of a text, or all of it on machines without AVX2.
void copy_by_line(std::string_view text, const LineRoom& room, const LineHeader& first,
                  const LineHeader& rest, CopiedLines& done) {
    while (done.read < text.size()) {
        const char* const line = text.data() + done.read;
        const auto* const end =
            static_cast<const char*>(std::memchr(line, '\n', text.size() - done.read));
        if (end == nullptr) return;
        const auto length = static_cast<std::size_t>(end - line);
        if (length > room.max_line_bytes) return;
        if (done.written + kLineHeaderBytes + length + 1 > room.bytes) return;
        char* const target = room.target + done.written;
        std::memcpy(target, done.read == 0 ? first.data() : rest.data(), kLineHeaderBytes);
        std::memcpy(target + kLineHeaderBytes, line, length + 1);
        done.read += length + 1;
        done.written += kLineHeaderBytes + length + 1;
    }
}

#if defined(__x86_64__)

constexpr std::size_t kBlock = 32;
/// The largest result of one block: all its bytes are line ends.
constexpr std::size_t kBlockRoom = kBlock * (kLineHeaderBytes + 1) + kBlock;

/// Copies block after block, whatever the length of the lines: after each line end it puts a header
/// and copies the rest of the block once more. Most output is copied in this way; a search and a
/// copy for each line would cost twice as much.
__attribute__((target("avx2"))) void copy_by_block(std::string_view text, const LineRoom& room,
                                                   const LineHeader& first, const LineHeader& rest,
                                                   CopiedLines& done) {
    if (room.bytes < kBlockRoom + kLineHeaderBytes || text.size() < 2 * kBlock) return;
    const __m256i line_end = _mm256_set1_epi8('\n');
    __m256i header;
    std::memcpy(&header, rest.data(), sizeof header);
    const char* const begin = text.data();
    // 32 bytes are read after each line end of the last block, so two blocks must be left.
    const char* const last_block = begin + text.size() - 2 * kBlock;
    char* const last_target = room.target + room.bytes - kBlockRoom;
    std::memcpy(room.target, first.data(), kLineHeaderBytes);
    char* target = room.target + kLineHeaderBytes;
    const char* line = begin;
    for (const char* block = begin; block <= last_block && target <= last_target; block += kBlock) {
        __m256i bytes;
        std::memcpy(&bytes, block, sizeof bytes);
        std::memcpy(target, &bytes, sizeof bytes);
        auto ends =
            static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, line_end)));
        const char* copied = block;
        for (; ends != 0; ends &= ends - 1) {
            const char* const next = block + __builtin_ctz(ends) + 1;
            if (static_cast<std::size_t>(next - line) > room.max_line_bytes + 1) return;
            target += next - copied;
            done.read = static_cast<std::size_t>(next - begin);
            done.written = static_cast<std::size_t>(target - room.target);
            std::memcpy(target, &header, sizeof header);
            target += kLineHeaderBytes;
            std::memcpy(&bytes, next, sizeof bytes);
            std::memcpy(target, &bytes, sizeof bytes);
            copied = line = next;
        }
        target += block + kBlock - copied;
    }
}

#endif

}  // namespace

CopiedLines copy_stamped_lines(std::string_view text, const LineRoom& room, const LineHeader& first,
                               const LineHeader& rest) {
    CopiedLines done;
#if defined(__x86_64__)
    static const bool can = __builtin_cpu_supports("avx2") != 0;
    if (can) copy_by_block(text, room, first, rest, done);
#endif
    copy_by_line(text, room, first, rest, done);
    return done;
}

}  // namespace runner::trace
