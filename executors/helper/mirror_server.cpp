#include "executors/helper/mirror_server.hpp"

#include <fcntl.h>

#include "base/encoding.hpp"
#include "executors/helper/git_front.hpp"

namespace executors::helper {

namespace {

std::string authorities_of(const MirrorRequest& request) {
    const std::string path = std::string(kGitHome) + "/etc/ca-certificates.crt";
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string public_ones = file ? read_all(file.get()) : std::string();
    return public_ones + "\n" + request.authority;
}

std::vector<std::string> environment_of(const MirrorRequest& request, int silence_seconds) {
    auto all = request.environment;
    all.emplace_back("GIT_HTTP_LOW_SPEED_LIMIT=1");
    all.emplace_back("GIT_HTTP_LOW_SPEED_TIME=" + std::to_string(silence_seconds));
    return all;
}

}  // namespace

MirrorServer::MirrorServer(const MirrorRequest& request, int silence_seconds,
                           const GitLimits& limits)
    : authorities_(authorities_of(request)),
      git_(settings(request), environment_of(request, silence_seconds), limits) {}

std::vector<GitProcess::Setting> MirrorServer::settings(const MirrorRequest& request) const {
    const auto scheme = request.url.find("://");
    if (scheme == std::string::npos) throw Failure("a mirror needs an address for HTTP");
    const std::string server = request.url.substr(0, request.url.find('/', scheme + 3));
    const std::string login =
        "Authorization: Basic " + base::base64_encode(request.username + ":" + request.password);
    return {{"http." + server + ".extraHeader", login}, {"http.sslCAInfo", authorities_.path()}};
}

}  // namespace executors::helper
