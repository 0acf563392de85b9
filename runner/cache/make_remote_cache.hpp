#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "base/result.hpp"
#include "runner/cache/identities.hpp"
#include "runner/cache/remote_cache.hpp"
#include "runner/config/config.hpp"

namespace runner::cache {

/// The object storage of an entry, for one job; null when its caches stay on this host. An error
/// names the key of the configuration that is wrong. `identities` outlive what is made.
base::Result<std::unique_ptr<RemoteCache>> make_remote_cache(
    const boost::asio::any_io_executor& executor, const config::RunnerConfig& runner,
    Identities& identities);

/// What is wrong with an entry's storage as far as it can be found without asking anybody: the
/// files of credentials, keys, addresses. Success for an entry without a storage.
base::Result<void> check_remote_cache(const config::RunnerConfig& runner);

}  // namespace runner::cache
