#include "protocol/object_storage/crypto.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace protocol::object_storage {

namespace {

struct Free {
    void operator()(BIO* bio) const { ::BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// A key that asks for a password is not usable here, and must not ask at the terminal.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
    unsigned size = 0;
    if (::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
               value.data(), &size) == nullptr) {
        throw std::runtime_error("the crypto library refuses an HMAC");
    }
    return {reinterpret_cast<const char*>(value.data()), size};
}

base::Result<std::string> rsa_sha256(const base::Secret& pem, std::string_view text) {
    const std::string& key_text = pem.reveal();
    const Owned<BIO> input(::BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
    const Owned<EVP_PKEY> key(
        ::PEM_read_bio_PrivateKey(input.get(), nullptr, no_password, nullptr));
    ::ERR_clear_error();
    if (!key || ::EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        return base::invalid_input("the private key is not an RSA key in PEM format");
    const Owned<EVP_MD_CTX> context(::EVP_MD_CTX_new());
    std::size_t size = 0;
    bool good = ::EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1;
    good =
        good && ::EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1;
    std::string signature(size, '\0');
    auto* const target = reinterpret_cast<unsigned char*>(signature.data());
    good = good && ::EVP_DigestSign(context.get(), target, &size, bytes_of(text), text.size()) == 1;
    ::ERR_clear_error();
    if (!good) return base::invalid_input("the private key cannot sign");
    signature.resize(size);
    return signature;
}

}  // namespace protocol::object_storage
