#pragma once

#include <memory>
#include <string>

#include "protocol/cloud_identity/oauth_token.hpp"

namespace protocol::cloud_identity {

/// A token of Microsoft Entra ID for `resource` ("https://storage.azure.com"), from the first of
/// these that is there, as in Azure's libraries ("DefaultAzureCredential"): a client with a secret
/// (AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_CLIENT_SECRET), a workload identity
/// (AZURE_FEDERATED_TOKEN_FILE in the place of the secret), the identity of an App Service
/// (IDENTITY_ENDPOINT, IDENTITY_HEADER), the managed identity of the machine (its metadata service;
/// AZURE_CLIENT_ID chooses one of several, AZURE_POD_IDENTITY_AUTHORITY_HOST another address).
std::unique_ptr<TokenSource> make_azure_identity(Surroundings surroundings, std::string resource);

}  // namespace protocol::cloud_identity
