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

/// How a proxy is spoken to: plain HTTP, HTTP within TLS, or SOCKS 5 (RFC 1928).
enum class ProxyKind { kHttp, kHttps, kSocks5 };

struct Proxy {
    ProxyKind kind = ProxyKind::kHttp;
    Origin origin;               ///< its scheme is https for kHttps, else http
    base::Secret authorization;  ///< value of Proxy-Authorization, "" for none
    std::string user;            ///< for SOCKS, decoded; "" for none
    base::Secret password;

    /// "socks5://host:port", without credentials.
    [[nodiscard]] std::string shown() const;
};

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in upper or lower case, with the meaning they have for
/// curl and Go programs. No proxy is used for loopback addresses. A plain value.
class ProxySettings {
  public:
    using Lookup = std::function<std::string(const char* name)>;

    ProxySettings() = default;
    /// http://, https:// (TLS to the proxy itself), socks5:// and socks5h://, which both leave
    /// names to the proxy, as in Go programs. kInvalidInput for another proxy; the message has no
    /// credentials.
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
