#pragma once

#include <memory>
#include <string>

#include "protocol/cloud_identity/renewed.hpp"
#include "protocol/cloud_identity/role_calls.hpp"
#include "protocol/cloud_identity/web_call.hpp"
#include "protocol/object_storage/v4.hpp"

/// Identities of AWS, in the order in which Amazon's libraries look for them ("Standardized
/// credential providers" of the AWS SDKs and Tools Reference Guide).
namespace protocol::cloud_identity {

using AwsSource = Source<object_storage::AwsCredentials>;

/// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN; the
/// profile AWS_PROFILE of the shared files; the container's address
/// (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI); the role of the
/// EC2 instance (IMDSv2; AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_DISABLED). The first
/// that is there is used: when it fails, there is no other try. `region`: of STS.
std::unique_ptr<AwsSource> make_aws_chain(Surroundings surroundings, std::string region);

/// Keys that are known and do not end.
std::unique_ptr<AwsSource> make_aws_keys(object_storage::AwsCredentials keys);

/// A role that is taken with the credentials of `base` (AssumeRole of STS), for an hour. `calls`
/// outlive it.
std::unique_ptr<AwsSource> make_aws_role(Surroundings surroundings, RoleCalls& calls,
                                         WantedRole role, std::unique_ptr<AwsSource> base);

}  // namespace protocol::cloud_identity
