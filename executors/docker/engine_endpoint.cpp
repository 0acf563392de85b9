#include "executors/docker/engine_endpoint.hpp"

#include <filesystem>
#include <string_view>

namespace executors::docker {

namespace {

constexpr std::string_view kDefaultHost = "unix:///var/run/docker.sock";

void use_certificates(EngineEndpoint& endpoint, const std::string& folder) {
    const std::filesystem::path path(folder);
    endpoint.tls.ca_file = path / "ca.pem";
    endpoint.tls.cert_file = path / "cert.pem";
    endpoint.tls.key_file = path / "key.pem";
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
                                    "tcp://host:port, http:// or https://");
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
