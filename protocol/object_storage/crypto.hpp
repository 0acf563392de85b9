#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

/// The cryptography of signatures, from OpenSSL. Pure.
namespace protocol::object_storage {

/// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// RSASSA-PKCS1-v1_5 with SHA-256, as bytes. `pem`: the private key. kInvalidInput when it is none;
/// the message has nothing of the key.
base::Result<std::string> rsa_sha256(const base::Secret& pem, std::string_view text);

}  // namespace protocol::object_storage
