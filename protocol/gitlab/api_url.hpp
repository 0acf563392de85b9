#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace protocol::gitlab {

struct ApiUrl {
    std::string endpoint;  ///< "https://host:port": what http::Client wants
    std::string path;      ///< "/root/api/v4", without a trailing slash
};

/// `url` of config.toml → where the API is: trailing slashes go, then an old-style "/ci"; a
/// relative root stays. kInvalidInput for everything that is not http or https.
base::Result<ApiUrl> api_url(std::string_view configured);

}  // namespace protocol::gitlab
