#include "runner/secrets/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace runner::secrets {

namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr int kRounds = 10'000;

std::string derived(std::string_view value, const std::string& salt) {
    std::array<unsigned char, 32> out{};
    const int done = ::PKCS5_PBKDF2_HMAC(value.data(), static_cast<int>(value.size()),
                                         reinterpret_cast<const unsigned char*>(salt.data()),
                                         static_cast<int>(salt.size()), kRounds, ::EVP_sha256(),
                                         static_cast<int>(out.size()), out.data());
    if (done != 1) throw std::runtime_error("OpenSSL has no memory");
    return base::to_hex({reinterpret_cast<const char*>(out.data()), out.size()});
}

}  // namespace

std::string make_digest(std::string_view value) {
    const std::string salt = base::random_hex(kSaltBytes);
    return salt + ":" + derived(value, salt);
}

bool matches_digest(std::string_view value, const std::string& digest) {
    const auto colon = digest.find(':');
    if (colon == std::string::npos) return false;
    return digest.substr(colon + 1) == derived(value, digest.substr(0, colon));
}

}  // namespace runner::secrets
