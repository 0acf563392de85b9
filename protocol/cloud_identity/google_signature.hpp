#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "protocol/cloud_identity/web_call.hpp"

/// Signatures in the name of a service account whose key stays at Google.
///
/// Facts: "Method: projects.serviceAccounts.signBlob" of Google's IAM Service Account Credentials
/// API; AIP-4117 for the address in a file of workload identity federation.
namespace protocol::cloud_identity {

/// The scope that a token needs for sign_by_google().
inline constexpr const char* kGoogleSigningScope = "https://www.googleapis.com/auth/cloud-platform";

struct GoogleAccount {
    std::string address;   ///< "name@project.iam.gserviceaccount.com"
    std::string sign_url;  ///< of signBlob
};

/// The service account behind an identity. `file`: of the identity, "" for the machine's own, which
/// its metadata names; the API is then that of `universe` ("googleapis.com"), or the address in
/// CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS. kInvalidInput for an identity that is no service
/// account.
base::Task<base::Result<GoogleAccount>> google_account(Surroundings surroundings, std::string file,
                                                       std::string universe);

/// The signature of `text` (RSASSA-PKCS1-v1_5 with SHA-256), as bytes. `token`: of the account
/// itself. The message of a refusal has the remedy.
base::Task<base::Result<std::string>> sign_by_google(Sender send, GoogleAccount account,
                                                     base::Secret token, std::string text);

}  // namespace protocol::cloud_identity
