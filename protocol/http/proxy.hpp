#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/http/url.hpp"

namespace protocol::http {

struct Proxy {
    Origin origin;
    base::Secret authorization;  ///< value of Proxy-Authorization, "" for none
};

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in upper or lower case, with the meaning they have for
/// curl and Go programs. No proxy is used for loopback addresses. A plain value.
class ProxySettings {
  public:
    using Lookup = std::function<std::string(const char* name)>;

    ProxySettings() = default;
    /// kInvalidInput for a proxy that cannot be used (https:// and SOCKS are not supported).
    static base::Result<ProxySettings> from_environment(const Lookup& lookup);

    [[nodiscard]] const Proxy* choose(const Origin& origin) const;

  private:
    [[nodiscard]] bool bypassed(const Origin& origin) const;

    std::optional<Proxy> http_;
    std::optional<Proxy> https_;
    std::vector<std::string> exceptions_;
};

/// The process's environment.
std::string environment_value(const char* name);

}  // namespace protocol::http
