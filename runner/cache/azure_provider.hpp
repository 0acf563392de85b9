#pragma once

#include <memory>

#include "base/result.hpp"
#include "runner/cache/identities.hpp"
#include "runner/cache/provider.hpp"

namespace runner::cache {

/// Azure Blob Storage, by shared access signatures for one blob each, made with the account's key;
/// without a key, with tokens of the machine's identity. Addresses for others are then signed with
/// a key that Azure gives the identity. A StorageDomain that begins with "127.0.0.1:" or
/// "localhost:" is an emulator, which speaks HTTP and has the account in the path. Errors name the
/// key of the configuration.
base::Result<std::unique_ptr<Provider>> make_azure_provider(const config::RunnerConfig& runner,
                                                            Identities& identities);

}  // namespace runner::cache
