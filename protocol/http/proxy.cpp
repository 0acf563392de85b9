#include "protocol/http/proxy.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdlib>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace protocol::http {

namespace ip = boost::asio::ip;

namespace {

std::string first_of(const ProxySettings::Lookup& lookup, const char* upper, const char* lower) {
    std::string value = lookup(upper);
    return value.empty() ? lookup(lower) : value;
}

constexpr std::uint16_t kSocksPort = 1080;
/// Of a user's name and of a password (RFC 1929).
constexpr std::size_t kLongestSocksWord = 255;

struct KnownScheme {
    std::string_view prefix;
    ProxyKind kind;
};
constexpr KnownScheme kSchemes[] = {{"http://", ProxyKind::kHttp},
                                    {"https://", ProxyKind::kHttps},
                                    {"socks5://", ProxyKind::kSocks5},
                                    {"socks5h://", ProxyKind::kSocks5}};

/// Takes "user:password@" out of the authority `text`. The failure shows none of it.
base::Result<std::string> take_user_info(std::string& text) {
    const auto at = text.rfind('@', text.find_first_of("/?#"));
    if (at == std::string::npos && text.find('@') != std::string::npos) {
        return base::invalid_input(
            "in its user name and password, \"/\", \"?\" and \"#\" must be written as %2F, %3F and "
            "%23");
    }
    if (at == std::string::npos) return std::string();
    std::string user = base::percent_decode(text.substr(0, at));
    text.erase(0, at + 1);
    return user;
}

bool has_port(const std::string& authority) {
    const auto host_end = authority.rfind(']');
    const auto colon = authority.rfind(':', authority.find_first_of("/?#"));
    return colon != std::string::npos && (host_end == std::string::npos || colon > host_end);
}

base::Result<void> set_credentials(Proxy& proxy, const std::string& user_info) {
    if (user_info.empty()) return {};
    if (proxy.kind != ProxyKind::kSocks5) {
        proxy.authorization = base::Secret("Basic " + base::base64_encode(user_info));
        return {};
    }
    const auto colon = user_info.find(':');
    proxy.user = user_info.substr(0, colon);
    if (colon != std::string::npos) proxy.password = base::Secret(user_info.substr(colon + 1));
    if (proxy.user.empty() || proxy.user.size() > kLongestSocksWord ||
        proxy.password.reveal().size() > kLongestSocksWord) {
        return base::invalid_input("the user and the password for SOCKS have 1 to 255 bytes each");
    }
    return {};
}

base::Result<Proxy> parse_proxy(std::string text) {
    if (text.find("://") == std::string::npos) text.insert(0, "http://");
    const std::string lower = base::to_lower(text);
    for (const KnownScheme& scheme : kSchemes) {
        if (!lower.starts_with(scheme.prefix)) continue;
        Proxy proxy;
        proxy.kind = scheme.kind;
        text.erase(0, scheme.prefix.size());
        const auto user_info = take_user_info(text);
        if (!user_info) return user_info.error();
        const bool tls = scheme.kind == ProxyKind::kHttps;
        auto url = parse_url((tls ? "https://" : "http://") + text);
        if (!url) return url.error();
        proxy.origin = url->origin;
        if (scheme.kind == ProxyKind::kSocks5 && !has_port(text)) proxy.origin.port = kSocksPort;
        if (auto set = set_credentials(proxy, *user_info); !set) return set.error();
        return proxy;
    }
    return base::invalid_input(
        "its address must begin with http://, https://, socks5:// or socks5h://");
}

base::Result<std::optional<Proxy>> read_proxy(std::string_view name, std::string text) {
    if (text.empty()) return std::optional<Proxy>();
    auto proxy = parse_proxy(std::move(text));
    if (!proxy) return proxy.error().with_context("the proxy in " + std::string(name));
    return std::optional<Proxy>(std::move(*proxy));
}

bool in_network(const ip::address& address, const std::string& network) {
    boost::system::error_code code;
    if (address.is_v4()) {
        const auto v4 = ip::make_network_v4(network, code);
        if (code) return false;
        return ip::make_network_v4(address.to_v4(), v4.prefix_length()).canonical() ==
               v4.canonical();
    }
    const auto v6 = ip::make_network_v6(network, code);
    if (code) return false;
    return ip::make_network_v6(address.to_v6(), v6.prefix_length()).canonical() == v6.canonical();
}

/// Whether an entry of NO_PROXY excepts `origin`: "*", a network, or an address or name with an
/// optional port.
bool excepts(std::string entry, const Origin& origin, const std::optional<ip::address>& address) {
    if (entry == "*") return true;
    if (address && entry.find('/') != std::string::npos) return in_network(*address, entry);
    const auto colon = entry.rfind(':');
    const bool has_port = colon != std::string::npos &&
                          (entry.find(':') == colon || entry.find("]:") != std::string::npos);
    if (has_port) {
        if (entry.substr(colon + 1) != std::to_string(origin.port)) return false;
        entry.resize(colon);
    }
    if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
    if (entry.starts_with("*.")) entry.erase(0, 1);
    if (entry.starts_with('.')) return origin.host.ends_with(entry);
    return origin.host == entry || (!address && origin.host.ends_with("." + entry));
}

}  // namespace

std::string Proxy::shown() const {
    const std::string address = origin.address();
    switch (kind) {
        case ProxyKind::kHttps: return "https://" + address;
        case ProxyKind::kSocks5: return "socks5://" + address;
        case ProxyKind::kHttp: break;
    }
    return "http://" + address;
}

base::Result<ProxySettings> ProxySettings::from_environment(const Lookup& lookup) {
    ProxySettings settings;
    auto http = read_proxy("HTTP_PROXY", first_of(lookup, "HTTP_PROXY", "http_proxy"));
    if (!http) return http.error();
    auto https = read_proxy("HTTPS_PROXY", first_of(lookup, "HTTPS_PROXY", "https_proxy"));
    if (!https) return https.error();
    settings.http_ = std::move(*http);
    settings.https_ = std::move(*https);
    for (const std::string& part : base::split(first_of(lookup, "NO_PROXY", "no_proxy"), ',')) {
        std::string entry = base::to_lower(base::trim(part));
        if (!entry.empty()) settings.exceptions_.push_back(std::move(entry));
    }
    return settings;
}

const Proxy* ProxySettings::choose(const Origin& origin) const {
    if (origin.scheme == Scheme::kUnix) return nullptr;
    const auto& proxy = origin.scheme == Scheme::kHttps ? https_ : http_;
    if (!proxy || bypassed(origin)) return nullptr;
    return &*proxy;
}

bool ProxySettings::bypassed(const Origin& origin) const {
    boost::system::error_code code;
    std::optional<ip::address> address = ip::make_address(origin.host, code);
    if (code) address.reset();
    if (origin.host == "localhost" || (address && address->is_loopback())) return true;
    for (const std::string& entry : exceptions_) {
        if (excepts(entry, origin, address)) return true;
    }
    return false;
}

std::string environment_value(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace protocol::http
