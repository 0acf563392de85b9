#include <system_error>

#include "runner/config/config.hpp"

namespace runner::config {

namespace {

bool is_there(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

}  // namespace

std::string host_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return "";
    std::string_view rest = url.substr(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
    if (rest.starts_with('[')) return std::string(rest.substr(1, rest.find(']') - 1));
    return std::string(rest.substr(0, rest.find(':')));
}

void use_certificates_beside(const std::filesystem::path& config_path, RunnerConfig& runner) {
    std::error_code ignored;
    const auto certs = std::filesystem::absolute(config_path, ignored).parent_path() / "certs";
    const std::string host = host_of(runner.url);
    if (host.empty()) return;
    const auto ca = certs / (host + ".crt");
    if (runner.tls_ca_file.empty() && is_there(ca)) runner.tls_ca_file = ca.string();
    const auto cert = certs / (host + ".auth.crt");
    const auto key = certs / (host + ".auth.key");
    const bool has_pair = is_there(cert) && is_there(key);
    if (has_pair && runner.tls_cert_file.empty() && runner.tls_key_file.empty()) {
        runner.tls_cert_file = cert.string();
        runner.tls_key_file = key.string();
    }
}

}  // namespace runner::config
