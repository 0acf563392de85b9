#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/message.hpp"

namespace runner::status {

/// The names under which the status endpoint may be asked. A page of the internet can give its own
/// name the address of this machine (DNS rebinding), and a browser inside of the network then asks
/// this endpoint for it: the Host header is what tells such a request from others.
///
/// Allowed are what no such page can have: addresses, names without a dot, and names in the domains
/// of this machine; and its own name. Pure.
class AllowedHosts {
  public:
    /// `names`: of this machine and of listen_address. `domains`: as search_domains() answers.
    AllowedHosts(std::vector<std::string> names, std::vector<std::string> domains);

    /// Requests without a Host header, which are of HTTP/1.0, are allowed.
    [[nodiscard]] bool allow(const protocol::http::Request& request) const;

  private:
    [[nodiscard]] bool allow(std::string_view host) const;

    std::vector<std::string> names_;
    std::vector<std::string> domains_;
};

/// The domains that a text of the form of /etc/resolv.conf names (resolv.conf(5): the last line
/// `search` or `domain` counts). The root and domains of one part are left out: "com" would allow
/// every name of it, except the private ones that Kubernetes and clouds use ("local", "internal").
std::vector<std::string> search_domains(std::string_view resolv_conf);

}  // namespace runner::status
