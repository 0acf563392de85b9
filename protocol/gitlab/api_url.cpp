#include "protocol/gitlab/api_url.hpp"

#include "protocol/http/url.hpp"

namespace protocol::gitlab {

base::Result<ApiUrl> api_url(std::string_view configured) {
    auto url = http::parse_url(configured);
    if (!url) return url.error();
    if (url->origin.scheme == http::Scheme::kUnix) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "the address of a GitLab begins with http:// or https://");
    }
    std::string path = url->target.substr(0, url->target.find('?'));
    while (path.ends_with('/')) path.pop_back();
    if (path.ends_with("/ci")) path.resize(path.size() - 3);
    while (path.ends_with('/')) path.pop_back();
    return ApiUrl{url->origin.text(), path + "/api/v4"};
}

}  // namespace protocol::gitlab
