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

/// Adds the shared access signature of one blob to the query ("Create a service SAS" of Azure's
/// reference). It begins an hour before, because clocks differ. kInvalidInput for a key that is not
/// base64. Pure.
base::Result<Request> sign_azure(Request request, const AzureKey& key, const AzureBlob& blob,
                                 const Validity& validity);

}  // namespace protocol::object_storage
