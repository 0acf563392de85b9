#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/object_storage/request.hpp"

/// Version 4 signatures: of S3 and the other services of AWS (AWS4-HMAC-SHA256), and of Google
/// Cloud Storage (GOOG4-RSA-SHA256), which is the same but for names and algorithm. Pure.
///
/// Facts: "Authenticating Requests (AWS Signature Version 4)" of the S3 API reference; "V4 signing
/// process with your own program" of Google Cloud Storage.
namespace protocol::object_storage {

struct AwsCredentials {
    std::string access_key;
    base::Secret secret_key;
    base::Secret session_token;  ///< empty for keys that do not expire
};

/// A presigned request is valid from `unix_seconds` on, for `lifetime`: at most seven days.
struct Validity {
    std::int64_t unix_seconds = 0;
    std::chrono::seconds lifetime{3600};
};

/// Adds X-Amz-… to the query. The body is not part of the signature.
Request presign_aws(Request request, const AwsCredentials& credentials, const std::string& region,
                    const Validity& validity);

/// Adds Authorization, x-amz-date and x-amz-security-token to the headers, for a service such as
/// "sts". `body` is what will be sent.
Request sign_aws(Request request, const AwsCredentials& credentials, const std::string& region,
                 const std::string& service, std::int64_t unix_seconds, const std::string& body);

/// A service account of Google.
struct GoogleKey {
    std::string access_id;     ///< its address: "name@project.iam.gserviceaccount.com"
    base::Secret private_key;  ///< PEM
};

/// Adds X-Goog-… to the query. kInvalidInput when the key is none.
base::Result<Request> presign_google(Request request, const GoogleKey& key,
                                     const Validity& validity);

/// The same in two steps, for a key that is elsewhere.
struct GoogleToSign {
    Request request;
    std::string text;  ///< to be signed by RSASSA-PKCS1-v1_5 with SHA-256
};
GoogleToSign google_to_sign(Request request, const std::string& access_id,
                            const Validity& validity);
/// `signature`: bytes.
Request signed_google(GoogleToSign to_sign, std::string_view signature);

}  // namespace protocol::object_storage
