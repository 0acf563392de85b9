#include "runner/doctor/judge_network.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"

namespace runner::doctor {

namespace {

std::string address_of(const std::string& host, const std::string& port) {
    return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

std::string names_remedy(Place place) {
    if (place == Place::kHost) return "check the name and /etc/resolv.conf of this machine";
    return "set dns or extra_hosts in [runners.docker]";
}

std::string connection_remedy(Place place, const PathFigures& path) {
    if (place == Place::kHost) return "check that the server runs, and the firewall between";
    if (is_loopback(path.address))
        return "name GitLab by an address that containers reach (clone_url in [[runners]])";
    return "see the host's line; if that is ok, the firewall of the engine's machine (chain "
           "DOCKER-USER)";
}

/// How a place gets packets that are small enough.
std::string packets_remedy(Place place, const PathFigures& path) {
    const int mtu = path.passes;
    switch (place) {
        case Place::kHost:
            return fmt::format("ip link set dev {} mtu {}",
                               path.device.empty() ? "DEVICE" : path.device, mtu);
        case Place::kEngine:
        case Place::kJob:
            return fmt::format(
                "set network_mtu = {} in [runners.docker], with FF_NETWORK_PER_BUILD; or \"mtu\": "
                "{} in the engine's daemon.json",
                mtu, mtu);
        case Place::kInnerEngine:
        case Place::kBuilder: return fmt::format("set mtu = {} in [runners.dind]", mtu);
    }
    return {};
}

}  // namespace

Finding judge_names(Place place, const std::vector<PathFigures>& paths) {
    std::vector<std::string> known;
    std::vector<std::string> unknown;
    for (const auto& path : paths) {
        if (path.failed_at == "resolve") {
            unknown.push_back(path.host + ": " + path.error);
        } else if (path.addresses.size() != 1 || path.addresses.front() != path.host) {
            known.push_back(path.host + " is " + base::join(path.addresses, ", "));
        }
    }
    if (!unknown.empty()) return problem(base::join(unknown, "; "), names_remedy(place));
    if (known.empty()) return skipped("only addresses are used, no names");
    return ok(base::join(known, "; "));
}

Finding judge_connection(Place place, const PathFigures& path, bool through_proxy) {
    if (path.failed_at == "resolve") return skipped(path.host + " has no address (see dns)");
    const std::string who = through_proxy ? "the proxy " : "";
    const std::string where = who + address_of(path.host, path.port);
    if (path.error.empty()) return ok(where + " accepts connections");
    return problem(fmt::format("{}: {}", where, path.error), connection_remedy(place, path));
}

Finding judge_packets(Place place, const PathFigures& path) {
    const std::string where = address_of(path.host, path.port);
    if (!path.error.empty()) return skipped("there is no connection to " + where);
    if (path.passes >= path.packet)
        return ok(fmt::format("packets of {} bytes arrive at {}", path.packet, where));
    if (path.passes == 0) {
        return problem(fmt::format("packets of {} bytes do not arrive at {}, smaller ones neither",
                                   path.packet, where),
                       "look for a firewall that lets connections begin and drops their data");
    }
    return problem(fmt::format("packets of {} bytes do not arrive at {}, those of {} do",
                               path.packet, where, path.passes),
                   packets_remedy(place, path));
}

Finding judge_proxies(Place place, const std::vector<PathFigures>& proxies) {
    if (proxies.empty()) return skipped("no proxy is set");
    std::vector<std::string> good;
    std::vector<std::string> bad;
    for (const auto& proxy : proxies) {
        const std::string where = address_of(proxy.host, proxy.port);
        if (proxy.error.empty())
            good.push_back(where);
        else
            bad.push_back(where + ": " + proxy.error);
    }
    if (bad.empty()) return ok(base::join(good, ", ") + " accepts connections");
    return problem("the proxy " + base::join(bad, "; "),
                   place == Place::kHost
                       ? "repair it, or correct HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the service"
                       : "repair it, or correct the proxies in `environment` of [[runners]]");
}

}  // namespace runner::doctor
