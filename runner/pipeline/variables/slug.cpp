#include "runner/pipeline/variables/slug.hpp"

#include <openssl/sha.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/strings.hpp"

namespace runner::pipeline::variables {
namespace {

constexpr std::size_t kSlugLength = 63;
constexpr std::size_t kEnvironmentLength = 24;
constexpr std::size_t kHashDigits = 6;

/// The text in lower case, with a dash for every character that is not an ASCII letter or digit.
std::string dashed(std::string_view text) {
    std::string out;
    for (const char c : base::to_lower(text)) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0) == 0x80) continue;  // a further byte of a UTF-8 character
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        out += plain ? c : '-';
    }
    return out;
}

/// The last six digits of the SHA-256 digest of `text`, as a number in base 36.
std::string hash_suffix(std::string_view text) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    std::vector<unsigned> number(digest, digest + SHA256_DIGEST_LENGTH);
    std::string digits;
    while (digits.size() < kHashDigits) {
        unsigned rest = 0;
        for (unsigned& byte : number) {
            const unsigned value = rest * 256 + byte;
            byte = value / 36;
            rest = value % 36;
        }
        digits += "0123456789abcdefghijklmnopqrstuvwxyz"[rest];
    }
    std::reverse(digits.begin(), digits.end());
    return digits;
}

}  // namespace

std::string slug(std::string_view text) {
    std::string out = dashed(text).substr(0, kSlugLength);
    while (out.ends_with('-')) out.pop_back();
    out.erase(0, std::min(out.find_first_not_of('-'), out.size()));
    return out;
}

std::string environment_slug(std::string_view name) {
    std::string plain = dashed(name);
    if (plain.empty() || plain.front() < 'a' || plain.front() > 'z') plain.insert(0, "env-");
    plain.erase(std::unique(plain.begin(), plain.end(),
                            [](char a, char b) { return a == '-' && b == '-'; }),
                plain.end());
    if (plain.size() <= kEnvironmentLength && plain == name) {
        if (plain.ends_with('-')) plain.pop_back();
        return plain;
    }
    plain = plain.substr(0, kEnvironmentLength - kHashDigits - 1);
    if (!plain.ends_with('-')) plain += '-';
    return plain + hash_suffix(name);
}

std::string guess_tier(const std::string& environment) {
    // The first pattern that matches decides, so "pre-production" is staging.
    static constexpr std::array<std::pair<const char*, const char*>, 4> kTiers{{
        {"development", "(?i)dev|review|trunk"},
        {"testing", "(?i)test|tst|int|ac(?:ce)?pt|qa|qc|control|quality"},
        {"staging", "(?i)sta?g|mode?l|pre|demo|non"},
        {"production", "(?i)pro?d|live"},
    }};
    for (const auto& [tier, pattern] : kTiers) {
        if (RE2::PartialMatch(environment, pattern)) return tier;
    }
    return "other";
}

}  // namespace runner::pipeline::variables
