#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "protocol/cloud_identity/web_call.hpp"

namespace protocol::cloud_identity {

/// The settings of one profile: lower-case names and values.
using AwsProfile = std::map<std::string, std::string>;

/// All profiles of a shared file. `is_config`: a profile's section is then "profile <name>", but
/// for "default". What is no section and no setting is left out. Pure.
std::map<std::string, AwsProfile> parse_aws_profiles(std::string_view text, bool is_config);

/// The profiles of ~/.aws/config and ~/.aws/credentials, or of the files that AWS_CONFIG_FILE and
/// AWS_SHARED_CREDENTIALS_FILE name; the latter file wins. A file that does not exist is empty.
base::Result<std::map<std::string, AwsProfile>> read_aws_profiles(const Variables& variable);

}  // namespace protocol::cloud_identity
