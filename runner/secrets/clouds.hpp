#pragma once

#include <string>

#include "protocol/cloud_identity/web_call.hpp"
#include "protocol/gitlab/secret.hpp"
#include "runner/secrets/provider_calls.hpp"

/// Secrets of the clouds' own stores. Each exchanges the job's id token for a short access of its
/// own and reads one secret with it.
///
/// Failures: kUnauthorized when the exchange is refused; kForbidden and kInvalidInput when the
/// secret may not be read, does not exist, or the job's fields cannot be right; kNotFound when it
/// has no value; kUnavailable and kTimeout when the provider does not work; kProtocol.
namespace runner::secrets {

/// Workload identity federation, then Secret Manager. Facts: "Method: token" of the Security Token
/// Service API, "Method: projects.secrets.versions.access" of the Secret Manager API.
base::Task<base::Result<std::string>> read_gcp(ProviderCalls& calls,
                                               protocol::gitlab::GcpSecret secret);

/// The daemon's environment.
using Environment = protocol::cloud_identity::Variables;

/// A client assertion at Microsoft Entra ID (AZURE_AUTHORITY_HOST names another one), then the
/// vault. Facts: "OAuth 2.0 client credentials flow", "Get Secret" of Key Vault's REST API.
base::Task<base::Result<std::string>> read_azure(ProviderCalls& calls,
                                                 protocol::gitlab::AzureSecret secret,
                                                 Environment environment);

/// A role by web identity, then Secrets Manager. AWS_ENDPOINT_URL_STS,
/// AWS_ENDPOINT_URL_SECRETS_MANAGER and AWS_ENDPOINT_URL name other endpoints, as for AWS's own
/// programs. Facts: "AssumeRoleWithWebIdentity" of the STS API, "GetSecretValue" of the Secrets
/// Manager API.
base::Task<base::Result<std::string>> read_aws(ProviderCalls& calls,
                                               protocol::gitlab::AwsSecret secret,
                                               Environment environment);

}  // namespace runner::secrets
