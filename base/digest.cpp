#include "base/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "base/encoding.hpp"

namespace base {

namespace {

std::string digest_hex(const EVP_MD* kind, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), value.data(), &size, kind, nullptr) != 1) {
        throw std::runtime_error("the crypto library refuses a digest");
    }
    return to_hex({reinterpret_cast<const char*>(value.data()), size});
}

}  // namespace

std::string sha256_hex(std::string_view bytes) { return digest_hex(EVP_sha256(), bytes); }
std::string sha1_hex(std::string_view bytes) { return digest_hex(EVP_sha1(), bytes); }
std::string md5_hex(std::string_view bytes) { return digest_hex(EVP_md5(), bytes); }

}  // namespace base
