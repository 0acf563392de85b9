#include "runner/status/allowed_hosts.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ip_address.hpp"
#include "base/strings.hpp"

namespace runner::status {

namespace {

/// Endings that nobody can register in the public DNS (RFC 6761, RFC 6762, RFC 8375, ICANN 2024),
/// and the one of services in Kubernetes.
constexpr std::array<std::string_view, 7> kPrivateEndings = {
    "localhost", "local", "internal", "home.arpa", "lan", "localdomain", "svc"};

bool is_in_domain(std::string_view name, std::string_view domain) {
    return name.size() > domain.size() && name.ends_with(domain) &&
           name[name.size() - domain.size() - 1] == '.';
}

/// The name of a Host header in lower case, without port, brackets and the dot of the root.
std::string name_of(std::string_view host) {
    host = base::trim(host);
    if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
    host = host.substr(0, host.find(':'));
    if (host.ends_with('.')) host.remove_suffix(1);
    return base::to_lower(host);
}

}  // namespace

AllowedHosts::AllowedHosts(std::vector<std::string> names, std::vector<std::string> domains)
    : domains_(std::move(domains)) {
    for (const auto& name : names) names_.push_back(name_of(name));
}

bool AllowedHosts::allow(const protocol::http::Request& request) const {
    const auto& fields = request.headers.all();
    return std::all_of(fields.begin(), fields.end(), [this](const auto& field) {
        return !base::iequals(field.first, "Host") || allow(field.second);
    });
}

bool AllowedHosts::allow(std::string_view host) const {
    const std::string name = name_of(host);
    const auto holds = [&name](std::string_view domain) { return is_in_domain(name, domain); };
    return name.find('.') == std::string::npos || base::is_ip_address(name) ||
           std::find(names_.begin(), names_.end(), name) != names_.end() ||
           std::any_of(kPrivateEndings.begin(), kPrivateEndings.end(), holds) ||
           std::any_of(domains_.begin(), domains_.end(), holds);
}

std::vector<std::string> search_domains(std::string_view resolv_conf) {
    std::vector<std::string> domains;
    for (const auto& line : base::split(resolv_conf, '\n')) {
        std::string words(line);
        std::replace(words.begin(), words.end(), '\t', ' ');
        const auto parts = base::split(words, ' ');
        if (parts.front() != "search" && parts.front() != "domain") continue;
        domains.clear();
        for (auto word = parts.begin() + 1; word != parts.end(); ++word) {
            const std::string domain = name_of(*word);
            if (domain.find('.') != std::string::npos) domains.push_back(domain);
        }
    }
    return domains;
}

}  // namespace runner::status
