#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace protocol::gitlab {

struct ApiUrl {
    std::string endpoint;  ///< "https://host:port": the endpoint of an http::Client
    std::string path;      ///< "/root/api/v4", without a trailing slash
};

/// The address of the API for `url` of config.toml. Slashes at the end are removed, then the "/ci"
/// of old GitLab versions; a relative root stays. kInvalidInput when it is not http or https.
base::Result<ApiUrl> api_url(std::string_view configured);

}  // namespace protocol::gitlab
