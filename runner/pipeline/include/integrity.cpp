#include "runner/pipeline/include/integrity.hpp"

#include <openssl/sha.h>

#include <string>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace runner::pipeline::include {

bool matches_integrity(std::string_view content, std::string_view integrity) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return integrity == "sha256-" + base::base64_encode(digest);
}

}  // namespace runner::pipeline::include
