#pragma once

#include <memory>

#include "base/result.hpp"
#include "runner/cache/identities.hpp"
#include "runner/cache/provider.hpp"

namespace runner::cache {

/// Google Cloud Storage, by requests that are presigned with a service account's key: that of
/// CredentialsFile, else AccessID and PrivateKey. Where there is no key, by tokens: of the identity
/// in CredentialsFile, of the Application Default Credentials, or of the machine; addresses for
/// others are then signed by Google in the name of the identity's service account. The storage is
/// told the configuration's limit of an object's size. STORAGE_EMULATOR_HOST, as in Google's
/// libraries, is another address of the service. Errors name the key of the configuration.
base::Result<std::unique_ptr<Provider>> make_gcs_provider(const config::RunnerConfig& runner,
                                                          Identities& identities);

}  // namespace runner::cache
