#pragma once

#include <string>

#include "protocol/cloud_identity/renewed.hpp"
#include "protocol/cloud_identity/web_call.hpp"
#include "protocol/object_storage/v4.hpp"

/// Calls of AWS's Security Token Service, version 2011-06-15. Its address is that of the region,
/// or AWS_ENDPOINT_URL_STS.
namespace protocol::cloud_identity {

using AwsExpiring = Expiring<object_storage::AwsCredentials>;

/// The service's address. Pure but for the variable.
std::string sts_address(const Variables& variable, const std::string& region);
/// The body of AssumeRoleWithWebIdentity. Pure.
std::string web_identity_form(const std::string& role_arn, const std::string& session_name,
                              const std::string& token);
/// The credentials in an answer; kProtocol when there are none. Pure.
base::Result<AwsExpiring> sts_credentials_in(const std::string& document);

base::Task<base::Result<AwsExpiring>> assume_role(const Surroundings& surroundings,
                                                  std::string region, std::string role_arn,
                                                  object_storage::AwsCredentials keys);

/// `token_file`: a JWT that somebody else renews.
struct WebIdentity {
    std::string token_file;
    std::string role_arn;
    std::string session_name;  ///< "": one is made
};
base::Task<base::Result<AwsExpiring>> assume_role_with_web_identity(
    const Surroundings& surroundings, std::string region, WebIdentity identity);

}  // namespace protocol::cloud_identity
