#pragma once

#include <nlohmann/json_fwd.hpp>
#include <cstdint>
#include <string>

#include "protocol/cloud_identity/web_call.hpp"
#include "protocol/object_storage/v4.hpp"

/// Subject tokens of Google's workload identity federation: by them, a workload of another provider
/// shows who it is, and gets a token of Google in exchange.
///
/// Facts: "Workload identity federation" of Google Cloud's IAM, its page for AWS, and AIP-4117
/// (google.aip.dev/auth/4117).
namespace protocol::cloud_identity {

/// The token that `credential_source` of a credentials file of the type "external_account" names:
/// in a file, at an address, or of AWS (environment_id "aws1"). kInvalidInput for other sources,
/// such as programs.
base::Task<base::Result<std::string>> google_subject_token(Surroundings surroundings,
                                                           nlohmann::json file);

/// A request GetCallerIdentity to AWS that Google sends: it tells Google who has signed it, and
/// gives nothing else.
struct AwsProof {
    std::string address;   ///< of STS, with its query
    std::string region;    ///< of the signature
    std::string audience;  ///< to which the signature is bound
};
/// The request, signed, as a subject token. kInvalidInput for an address that is none. Pure.
base::Result<std::string> aws_subject_token(const AwsProof& proof,
                                            const object_storage::AwsCredentials& keys,
                                            std::int64_t unix_seconds);

}  // namespace protocol::cloud_identity
