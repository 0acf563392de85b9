#pragma once

#include <string>

#include "protocol/cloud_identity/aws_sts.hpp"

/// Credentials that a machine or a container of AWS gets from an address of its host.
namespace protocol::cloud_identity {

/// Whether the environment names the address of a container's credentials (ECS, EKS).
bool has_container_address(const Variables& variable);
/// kInvalidInput for an address without TLS that is not the container host's.
base::Task<base::Result<AwsExpiring>> container_credentials(const Surroundings& surroundings);

/// The role of the EC2 instance, by IMDSv2. kUnavailable or kTimeout where there is none.
base::Task<base::Result<AwsExpiring>> instance_credentials(const Surroundings& surroundings);

/// The steps of it, at addresses that a file names. A session of IMDSv2 is a header of the others.
base::Task<base::Result<http::Headers>> open_instance_session(Sender send, std::string address);
base::Task<base::Result<std::string>> instance_text(Sender send, std::string address,
                                                    http::Headers session);
/// `roles`: the address that lists the instance's role. kNotFound when it has none.
base::Task<base::Result<AwsExpiring>> role_credentials(Sender send, std::string roles,
                                                       http::Headers session);

}  // namespace protocol::cloud_identity
