#pragma once

#include <memory>

#include "base/result.hpp"
#include "runner/cache/provider.hpp"
#include "runner/config/cache_settings.hpp"

namespace runner::cache {

/// Azure Blob Storage, by shared access signatures for one blob each, made with the account's key.
/// A StorageDomain that begins with "127.0.0.1:" or "localhost:" is an emulator, which speaks HTTP
/// and has the account in the path. Errors name the key of the configuration.
base::Result<std::unique_ptr<Provider>> make_azure_provider(
    const config::AzureCacheSettings& settings);

}  // namespace runner::cache
