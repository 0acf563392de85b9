#pragma once

#include <memory>

#include "base/result.hpp"
#include "runner/cache/identities.hpp"
#include "runner/cache/provider.hpp"

namespace runner::cache {

/// S3 and what speaks as S3, by presigned requests. kInvalidInput for a ServerAddress that is none.
base::Result<std::unique_ptr<Provider>> make_s3_provider(const config::RunnerConfig& runner,
                                                         Identities& identities);

/// The headers of an object's encryption for ServerSideEncryption and its key (job-runtime.md §6).
/// Pure.
protocol::object_storage::Fields s3_encryption_headers(const config::S3CacheSettings& settings);

}  // namespace runner::cache
