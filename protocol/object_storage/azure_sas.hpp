#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/object_storage/request.hpp"
#include "protocol/object_storage/v4.hpp"

namespace protocol::object_storage {

/// An account of Azure Blob Storage.
struct AzureKey {
    std::string account;
    base::Secret key;  ///< base64
};

/// What a shared access signature is for.
struct AzureBlob {
    std::string container;
    std::string name;
    std::string permissions;  ///< "r" or "w"
    bool https_only = true;
};

/// The version of the service that signatures are made for, also the header x-ms-version.
inline constexpr std::string_view kAzureVersion = "2020-12-06";

/// A key that Azure gives an identity, so that it can sign ("Get User Delegation Key" of Azure's
/// reference). The texts are those of the answer.
struct AzureDelegation {
    std::string object_id;
    std::string tenant_id;
    std::string begin;
    std::string end;
    std::string service;
    std::string version;
    base::Secret key;  ///< base64
};

/// Adds the shared access signature of one blob to the query ("Create a service SAS" of Azure's
/// reference). It begins an hour before, because clocks differ. kInvalidInput for a key that is not
/// base64. Pure.
base::Result<Request> sign_azure(Request request, const AzureKey& key, const AzureBlob& blob,
                                 const Validity& validity);
/// The same with the key of an identity ("Create a user delegation SAS").
base::Result<Request> sign_azure_delegated(Request request, const std::string& account,
                                           const AzureDelegation& delegation, const AzureBlob& blob,
                                           const Validity& validity);

}  // namespace protocol::object_storage
