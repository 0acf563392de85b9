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

base::Result<std::optional<Proxy>> read_proxy(std::string_view name, std::string text) {
    if (text.empty()) return std::optional<Proxy>();
    if (text.find("://") == std::string::npos) text.insert(0, "http://");
    Proxy proxy;
    const auto host_begin = text.find("://") + 3;
    const auto at = text.rfind('@', text.find_first_of("/?#", host_begin));
    if (at != std::string::npos && at >= host_begin) {
        const std::string user = text.substr(host_begin, at - host_begin);
        proxy.authorization =
            base::Secret("Basic " + base::base64_encode(base::percent_decode(user)));
        text.erase(host_begin, at + 1 - host_begin);
    }
    auto url = parse_url(text);
    if (!url || url->origin.scheme != Scheme::kHttp) {
        const std::string why =
            url ? "only proxies with an http:// address are spoken" : url.error().message;
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "the proxy in " + std::string(name) + ": " + why);
    }
    proxy.origin = url->origin;
    return std::optional<Proxy>(std::move(proxy));
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
