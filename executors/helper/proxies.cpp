#include "executors/helper/proxies.hpp"

#include <cstdlib>

#include "base/no_proxy.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

std::map<std::string, std::string> proxy_variables() {
    std::map<std::string, std::string> found;
    const auto take = [&](const char* name) {
        const std::string value = environment_or(name, "");
        if (!value.empty()) found[name] = value;
    };
    for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}) take(name);
    if (found.empty()) return found;
    take("NO_PROXY");
    take("no_proxy");
    const std::string more = environment_or("RUNNER_NO_PROXY", "");
    if (found.count("no_proxy") == 0 && !more.empty()) found.try_emplace("NO_PROXY");
    for (const char* name : {"NO_PROXY", "no_proxy"}) {
        const auto list = found.find(name);
        if (list != found.end()) list->second = base::complete_no_proxy(list->second, more);
    }
    return found;
}

void export_proxy_variables() {
    for (const auto& [name, value] : proxy_variables()) ::setenv(name.c_str(), value.c_str(), 1);
}

}  // namespace executors::helper
