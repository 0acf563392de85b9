#include "runner/trace/url_keys.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace runner::trace {

namespace {

/// Sorted, so that keys with a common beginning are adjacent.
constexpr std::array<std::string_view, 6> kKeys{
    "authenticity_token", "private_token",        "rss_token",
    "x-amz-credential",   "x-amz-security-token", "x-amz-signature"};

constexpr UrlKeys::State state_of(std::size_t key, std::size_t matched) {
    return static_cast<UrlKeys::State>((key + 1) << 8U | matched);
}

unsigned char lower(unsigned char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte | 0x20U) : byte;
}

}  // namespace

UrlKeys::State UrlKeys::next(State state, unsigned char byte) {
    if (byte == '?' || byte == '&') return state_of(0, 0);
    if (state == kIdle) return kIdle;
    const std::size_t key = (state >> 8U) - 1U;
    const std::size_t matched = state & 0xffU;
    if (matched == kKeys[key].size()) return byte == '=' ? kComplete : kIdle;
    const auto beginning = kKeys[key].substr(0, matched);
    for (std::size_t other = key; other < kKeys.size(); ++other) {
        if (!kKeys[other].starts_with(beginning) || kKeys[other].size() <= matched) continue;
        if (static_cast<unsigned char>(kKeys[other][matched]) == lower(byte)) {
            return state_of(other, matched + 1);
        }
    }
    return kIdle;
}

std::string UrlKeys::path(State state) {
    if (state == kIdle) return {};
    const std::size_t key = (state >> 8U) - 1U;
    return "?" + std::string(kKeys[key].substr(0, state & 0xffU));
}

void UrlKeys::add_heads(Prefilter& prefilter) {
    auto separator = byte_set('?');
    const auto ampersand = byte_set('&');
    for (std::size_t i = 0; i < separator.size(); ++i) separator[i] |= ampersand[i];
    for (const auto key : kKeys) {
        Prefilter::Head head{separator};
        for (std::size_t i = 1; i < Prefilter::kHeadBytes; ++i) {
            head[i] = letter_set(static_cast<unsigned char>(key[i - 1]));
        }
        prefilter.add(head);
    }
}

}  // namespace runner::trace
