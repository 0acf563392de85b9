#include "executors/docker/engine_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/encoding.hpp"
#include "base/parse.hpp"

namespace executors::docker {

namespace {

constexpr std::string_view kDefaultHost = "unix:///var/run/docker.sock";
constexpr std::string_view kSsh = "ssh://";

struct SshAddress {
    std::string user;
    std::string host;
    std::string port;
    std::string socket;  ///< a path there, "" for the docker client's own choice
};

void use_certificates(EngineEndpoint& endpoint, const std::string& folder) {
    const std::filesystem::path path(folder);
    endpoint.tls.ca_file = path / "ca.pem";
    endpoint.tls.cert_file = path / "cert.pem";
    endpoint.tls.key_file = path / "key.pem";
}

base::Error ssh_fault(const std::string& shown, std::string_view what) {
    return base::make_error(base::ErrorKind::kConfiguration,
                            fmt::format("the Docker engine's address \"{}\" {}: write "
                                        "ssh://user@host:port",
                                        shown, what));
}

/// Splits what follows "ssh://".
base::Result<SshAddress> parse_ssh(const std::string& shown) {
    std::string_view rest = std::string_view(shown).substr(kSsh.size());
    if (rest.find_first_of("?#") != std::string_view::npos)
        return ssh_fault(shown, "has more than user, host, port and path");
    SshAddress address;
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    address.socket = rest.substr(slash);
    if (address.socket == "/") address.socket.clear();
    rest = rest.substr(0, slash);
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
        address.user = rest.substr(0, at);
        rest.remove_prefix(at + 1);
        // The address is in logs and argument lists.
        if (address.user.find(':') != std::string::npos)
            return base::make_error(base::ErrorKind::kConfiguration,
                                    "the Docker engine's address begins with ssh:// and has a "
                                    "password: use a key of the daemon's user instead");
    }
    const auto bracket = rest.rfind(']');
    const auto colon = rest.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        address.port = rest.substr(colon + 1);
        if (!base::parse_number<std::uint16_t>(address.port))
            return ssh_fault(shown, "has a port that is no number");
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    address.host = rest;
    if (address.host.empty()) return ssh_fault(shown, "names no host");
    return address;
}

base::Result<EngineEndpoint> ssh_endpoint(const std::string& shown) {
    const auto address = parse_ssh(shown);
    if (!address) return address.error();
    EngineEndpoint endpoint;
    endpoint.shown = shown;
    endpoint.url = "http://docker.invalid";  // for the header Host; ssh has the address
    endpoint.program = {"ssh", "-T",
                        "-o",  "BatchMode=yes",
                        "-o",  "ConnectTimeout=30",
                        "-o",  "ServerAliveInterval=30"};
    const auto option = [&](const char* name, const std::string& value) {
        if (!value.empty()) endpoint.program.insert(endpoint.program.end(), {name, value});
    };
    option("-l", address->user);
    option("-p", address->port);
    const std::string host_option =
        address->socket.empty() ? "" : " --host " + base::shell_quote("unix://" + address->socket);
    // A shell there reads the words of the command.
    endpoint.program.insert(endpoint.program.end(),
                            {"--", address->host, "docker" + host_option + " system dial-stdio"});
    return endpoint;
}

std::string with_port(std::string address, std::string_view port) {
    const auto bracket = address.rfind(']');
    const auto colon = address.rfind(':');
    const bool has_port =
        colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
    if (!has_port) address += ":" + std::string(port);
    return address;
}

}  // namespace

base::Result<EngineEndpoint> resolve_endpoint(const DockerSettings& settings,
                                              const EnvironmentLookup& environment) {
    EngineEndpoint endpoint;
    std::string certificates = settings.tls_cert_path;
    bool verify = settings.tls_verify;
    endpoint.shown = settings.host;
    if (endpoint.shown.empty()) {
        endpoint.shown = environment("DOCKER_HOST").value_or("");
        if (certificates.empty()) certificates = environment("DOCKER_CERT_PATH").value_or("");
        verify = verify || !environment("DOCKER_TLS_VERIFY").value_or("").empty();
    }
    if (endpoint.shown.empty()) endpoint.shown = kDefaultHost;
    const std::string_view host = endpoint.shown;
    if (host.starts_with("unix://")) {
        endpoint.url = endpoint.shown;
        endpoint.local = true;
        return endpoint;
    }
    if (host.starts_with(kSsh)) return ssh_endpoint(endpoint.shown);
    std::string address;
    bool tls = verify || !certificates.empty();
    if (host.starts_with("tcp://")) {
        address = host.substr(6);
    } else if (host.starts_with("http://")) {
        address = host.substr(7);
        tls = false;
    } else if (host.starts_with("https://")) {
        address = host.substr(8);
        tls = true;
    } else {
        return base::make_error(base::ErrorKind::kConfiguration,
                                "the Docker engine's address \"" + endpoint.shown +
                                    "\" is of no kind that is known here: use unix:///path, "
                                    "tcp://host:port, http://, https:// or ssh://user@host");
    }
    address = address.substr(0, address.find('/'));
    if (address.empty()) {
        return base::make_error(
            base::ErrorKind::kConfiguration,
            "the Docker engine's address \"" + endpoint.shown + "\" names no host");
    }
    endpoint.url = (tls ? "https://" : "http://") + with_port(address, tls ? "2376" : "2375");
    if (tls) {
        endpoint.tls.verify = verify;
        if (!certificates.empty()) use_certificates(endpoint, certificates);
    }
    return endpoint;
}

}  // namespace executors::docker
