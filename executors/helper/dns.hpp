#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Resolves names as programs in a container do: /etc/hosts, then the servers of /etc/resolv.conf.
/// The resolver of glibc is not used, because a static program would load the libraries of the
/// container's image for it.
namespace executors::helper {

/// The parts of /etc/resolv.conf that count here.
struct ResolverConfig {
    std::vector<std::string> servers;
    std::vector<std::string> search;
    unsigned dots = 1;  ///< a name with fewer dots is looked up below `search` first
};
ResolverConfig parse_resolver_config(std::string_view text);

/// The names to ask for, in their order.
std::vector<std::string> candidate_names(const ResolverConfig& config, const std::string& name);

/// The address of `name` in the text of /etc/hosts, "" when it is not there.
std::string address_in_hosts(std::string_view text, std::string_view name);

inline constexpr std::uint16_t kTypeA = 1;
inline constexpr std::uint16_t kTypeAaaa = 28;

/// A query with recursion (RFC 1035 §4.1); "" for a name that cannot be one.
std::string dns_query(const std::string& name, std::uint16_t type, std::uint16_t id);

struct DnsAnswer {
    bool valid = false;  ///< an answer to the query `id`
    int code = 0;        ///< 0, 3 for a name that does not exist, 2 for a server that failed …
    std::vector<std::string> addresses;
};
DnsAnswer parse_dns_answer(std::string_view bytes, std::uint16_t id);

struct Resolution {
    std::vector<std::string> addresses;
    std::string error;  ///< "" when there are addresses
};
/// An address is its own answer. Waits at most four seconds for each server.
Resolution resolve_name(const std::string& name);

}  // namespace executors::helper
