#include "runner/trace/utf8_repair.hpp"

#include <cstdint>
#include <cstring>

#include "runner/trace/utf8_blocks.hpp"

namespace runner::trace {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// At least the size of a block.
constexpr std::size_t kByCharacter = 32;

enum class Verdict { kValid, kInvalid, kIncomplete };

struct Character {
    Verdict verdict;
    std::size_t length;
};

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

/// The lowest and highest second byte that may follow `lead` (RFC 3629: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
bool second_fits(unsigned char lead, unsigned char second) {
    switch (lead) {
        case 0xE0: return second >= 0xA0 && second <= 0xBF;
        case 0xED: return second >= 0x80 && second <= 0x9F;
        case 0xF0: return second >= 0x90 && second <= 0xBF;
        case 0xF4: return second >= 0x80 && second <= 0x8F;
        default: return is_continuation(second);
    }
}

std::size_t length_of(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

Character look(const unsigned char* at, std::size_t left) {
    const std::size_t length = length_of(*at);
    if (length == 0) return {Verdict::kInvalid, 1};
    for (std::size_t i = 1; i < length; ++i) {
        if (i == left) return {Verdict::kIncomplete, left};
        const bool fits = i == 1 ? second_fits(at[0], at[1]) : is_continuation(at[i]);
        if (!fits) return {Verdict::kInvalid, 1};
    }
    return {Verdict::kValid, length};
}

const unsigned char* as_bytes(std::string_view text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

/// Skips ASCII, 32 bytes at a time.
std::size_t skip_ascii(const unsigned char* bytes, std::size_t at, std::size_t size) {
    constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080U;
    while (at + 32 <= size) {
        std::uint64_t words[4];
        std::memcpy(words, bytes + at, sizeof words);
        if (((words[0] | words[1] | words[2] | words[3]) & kHighBits) != 0) break;
        at += 32;
    }
    while (at < size && bytes[at] < 0x80) ++at;
    return at;
}

}  // namespace

std::size_t valid_utf8_length(std::string_view text) {
    const unsigned char* bytes = as_bytes(text);
    std::size_t at = 0;
    while (true) {
        at = skip_ascii(bytes, at, text.size());
        if (at == text.size()) return at;
        at += valid_utf8_blocks(text.substr(at));
        // The bytes after the last block, or the invalid bytes at which the blocks stopped.
        for (std::size_t i = 0; i < kByCharacter && at < text.size(); ++i) {
            const Character character = look(bytes + at, text.size() - at);
            if (character.verdict != Verdict::kValid) return at;
            at += character.length;
        }
    }
}

std::size_t utf8_cut(std::string_view bytes, std::size_t length) {
    if (length >= bytes.size()) return bytes.size();
    std::size_t cut = length;
    while (cut > 0 && length - cut < 3 && is_continuation(as_bytes(bytes)[cut])) --cut;
    return is_continuation(as_bytes(bytes)[cut]) ? length : cut;
}

std::string_view Utf8Repair::complete_pending(std::string_view bytes, ByteSink& out) {
    while (!pending_.empty() && !bytes.empty()) {
        pending_.push_back(bytes.front());
        bytes.remove_prefix(1);
        while (!pending_.empty()) {
            const Character character = look(as_bytes(pending_), pending_.size());
            if (character.verdict == Verdict::kIncomplete) break;
            if (character.verdict == Verdict::kValid) {
                out.write(std::string_view(pending_).substr(0, character.length));
            } else {
                out.write(kReplacement);
            }
            pending_.erase(0, character.length);
        }
    }
    return bytes;
}

void Utf8Repair::write(std::string_view bytes, ByteSink& out) {
    bytes = complete_pending(bytes, out);
    while (!bytes.empty()) {
        const std::size_t valid = valid_utf8_length(bytes);
        if (valid > 0) out.write(bytes.substr(0, valid));
        bytes.remove_prefix(valid);
        if (bytes.empty()) return;
        if (look(as_bytes(bytes), bytes.size()).verdict == Verdict::kIncomplete) {
            pending_.assign(bytes);
            return;
        }
        out.write(kReplacement);
        bytes.remove_prefix(1);
    }
}

void Utf8Repair::close(ByteSink& out) {
    for (std::size_t i = 0; i < pending_.size(); ++i) out.write(kReplacement);
    pending_.clear();
}

}  // namespace runner::trace
