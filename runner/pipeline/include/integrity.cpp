#include "runner/pipeline/include/integrity.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <string>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace runner::pipeline::include {

bool is_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return false;
    while (text.ends_with('=')) text.remove_suffix(1);
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    });
}

bool matches_integrity(std::string_view content, std::string_view integrity) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return integrity == "sha256-" + base::base64_encode(digest);
}

}  // namespace runner::pipeline::include
