#pragma once

#include <memory>
#include <string>

#include "base/secret.hpp"
#include "protocol/cloud_identity/renewed.hpp"
#include "protocol/cloud_identity/web_call.hpp"
#include "protocol/object_storage/azure_sas.hpp"

namespace protocol::cloud_identity {

using DelegationSource = Source<object_storage::AzureDelegation>;

/// The key and its end in an answer of Azure. kProtocol when there is none. Pure.
base::Result<Expiring<object_storage::AzureDelegation>> azure_delegation_in(
    const std::string& document);

/// Keys with which an identity signs addresses of blobs ("Get User Delegation Key"), for a day; a
/// new one is fetched when less than an hour is left. `address`: of the account,
/// "https://team.blob.core.windows.net". The message of a refusal has the remedy.
std::unique_ptr<DelegationSource> make_azure_delegation(
    Sender send, std::string address, std::shared_ptr<Renewed<base::Secret>> identity);

}  // namespace protocol::cloud_identity
