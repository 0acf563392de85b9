#pragma once

#include <string>

#include "protocol/http/url.hpp"
#include "runner/config/cache_settings.hpp"

namespace runner::cache {

/// Where a bucket of S3 is, or of a storage that speaks as S3.
struct S3Address {
    protocol::http::Origin origin;
    std::string prefix;  ///< of paths: "/" or "/<bucket>/"
    std::string region;
};

/// The address that the official runner uses for the same settings: AWS's own when no
/// ServerAddress or "s3.amazonaws.com" is set. kInvalidInput when ServerAddress is none. Pure.
base::Result<S3Address> s3_address(const config::S3CacheSettings& settings);

/// The host of another service of AWS in a region: "sts.eu-west-1.amazonaws.com".
std::string aws_host(const std::string& service, const std::string& region);

}  // namespace runner::cache
