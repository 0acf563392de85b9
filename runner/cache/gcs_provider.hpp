#pragma once

#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "runner/cache/provider.hpp"
#include "runner/config/cache_settings.hpp"

namespace runner::cache {

/// Google Cloud Storage, by requests that are presigned with a service account's key: that of
/// CredentialsFile, else AccessID and PrivateKey. `limit_bytes`: the storage refuses larger
/// objects; 0: no limit. `emulator`: STORAGE_EMULATOR_HOST of Google's libraries, "" for the
/// service itself. Errors name the key of the configuration.
base::Result<std::unique_ptr<Provider>> make_gcs_provider(const config::GcsCacheSettings& settings,
                                                          std::int64_t limit_bytes,
                                                          const std::string& emulator);

}  // namespace runner::cache
