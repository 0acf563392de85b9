#include "runner/interactive/address.hpp"

#include <optional>

#include "base/ip_address.hpp"
#include "base/parse.hpp"

namespace runner::interactive {

namespace {

struct HostAndPort {
    std::string host;  ///< without brackets
    std::optional<std::uint16_t> port;
};

/// "host:port", ":port", "host", "[::1]:port"; nullopt for anything else.
std::optional<HostAndPort> split(const std::string& text) {
    HostAndPort parts;
    const auto bracket = text.rfind(']');
    const auto colon = text.rfind(':');
    const bool has_port =
        colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
    parts.host = text.substr(0, has_port ? colon : text.size());
    if (has_port) {
        parts.port = base::parse_number<std::uint16_t>(text.substr(colon + 1));
        if (!parts.port) return std::nullopt;
    }
    if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
        parts.host = parts.host.substr(1, parts.host.size() - 2);
        if (!base::is_ip_address(parts.host)) return std::nullopt;
    }
    const bool is_v6 = parts.host.find(':') != std::string::npos;
    if (is_v6 && bracket == std::string::npos) return std::nullopt;
    if (parts.host.find_first_of("/@?# \t,[]") != std::string::npos) return std::nullopt;
    return parts;
}

base::Error wrong(const std::string& key, const std::string& text, const std::string& remedy) {
    return base::make_error(base::ErrorKind::kInvalidInput,
                            key + " \"" + text + "\" of [session_server] " + remedy);
}

bool is_any(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

}  // namespace

base::Result<Addresses> read_addresses(const std::string& listen, const std::string& advertise) {
    const auto own = split(listen);
    if (!own || !own->port) {
        return wrong("listen_address", listen,
                     "is not an address: write host:port, as in \"0.0.0.0:8093\"");
    }
    Addresses found;
    found.listen_host = own->host;
    found.listen_port = *own->port;
    if (advertise.find("://") != std::string::npos) {
        return wrong("advertise_address", advertise,
                     "has a scheme: write host:port; it is always https");
    }
    const std::string& told = advertise.empty() ? listen : advertise;
    const auto advertised = split(told);
    if (!advertised) {
        return wrong("advertise_address", advertise,
                     "is not an address: write host:port, as in \"runner.example.com:8093\"");
    }
    if (is_any(advertised->host)) {
        return wrong(advertise.empty() ? "listen_address" : "advertise_address", told,
                     "names no host that GitLab could connect to: set advertise_address to the "
                     "host:port by which GitLab reaches this machine");
    }
    found.advertised = told;
    found.certificate_host = advertised->host;
    return found;
}

}  // namespace runner::interactive
