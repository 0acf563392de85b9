#include "runner/doctor/context.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "base/subprocess.hpp"
#include "executors/find_helper.hpp"
#include "protocol/http/proxy.hpp"
#include "protocol/http/url.hpp"

namespace runner::doctor {

namespace http = protocol::http;

namespace {

http::ProxySettings::Lookup lookup_in(const std::vector<std::string>* environment) {
    if (environment == nullptr) return http::environment_value;
    return [environment](const char* name) {
        std::string value;
        const std::string start = std::string(name) + "=";
        for (const auto& entry : *environment) {
            if (entry.starts_with(start)) value = entry.substr(start.size());
        }
        return value;
    };
}

Target target_from(const http::Origin& origin, bool proxy) {
    return {.host = origin.host, .port = std::to_string(origin.port), .proxy = proxy};
}

}  // namespace

std::string Context::repository_of(const std::string& registry) const {
    const auto found = options.repositories.find(registry);
    return found == options.repositories.end() ? "runner-doctor" : found->second;
}

bool Context::wants(Place place, const std::string& check) const {
    if (options.only.empty()) return true;
    const std::string where(to_string(place));
    const auto& only = options.only;
    return std::any_of(only.begin(), only.end(), [&](const std::string& wanted) {
        return wanted == check || wanted == where || wanted == where + "/" + check;
    });
}

base::Task<base::Result<Measurements>> probe_host(const Context& context,
                                                  std::vector<std::string> words) {
    base::SubprocessOptions options;
    options.arguments = {executors::find_helper(), "probe"};
    options.arguments.insert(options.arguments.end(), words.begin(), words.end());
    options.arguments.insert(options.arguments.begin() + 3, {"--place", "host"});
    auto end = co_await base::run_to_end(context.executor, std::move(options));
    if (!end) co_return end.error().with_context("runner-helper");
    Measurements measured;
    for (const auto& line : base::split(end->output, '\n'))
        add_measurement(line, to_string(Place::kHost), measured);
    co_return measured;
}

base::Result<std::shared_ptr<executors::docker::EngineConnection>> connect_engine(
    const boost::asio::any_io_executor& executor,
    const executors::docker::DockerSettings& settings) {
    return executors::docker::make_engine_connection(executor, settings);
}

base::Result<Target> target_of(const std::string& url,
                               const std::vector<std::string>* environment) {
    auto parsed = http::parse_url(url);
    if (!parsed) return parsed.error();
    auto proxies = http::ProxySettings::from_environment(lookup_in(environment));
    if (!proxies) return proxies.error();
    const http::Proxy* proxy = proxies->choose(parsed->origin);
    if (proxy != nullptr) return target_from(proxy->origin, true);
    return target_from(parsed->origin, false);
}

base::Result<std::vector<Target>> proxies_of(const std::vector<std::string>* environment) {
    auto proxies = http::ProxySettings::from_environment(lookup_in(environment));
    if (!proxies) return proxies.error();
    std::vector<Target> found;
    // Names that no NO_PROXY has: what is asked for is the proxy itself.
    for (const auto scheme : {http::Scheme::kHttp, http::Scheme::kHttps}) {
        const http::Proxy* proxy = proxies->choose({scheme, "runner-doctor.invalid", 1, {}});
        if (proxy == nullptr) continue;
        const Target target = target_from(proxy->origin, true);
        const bool known = std::any_of(found.begin(), found.end(), [&target](const Target& other) {
            return other.host == target.host && other.port == target.port;
        });
        if (!known) found.push_back(target);
    }
    return found;
}

}  // namespace runner::doctor
