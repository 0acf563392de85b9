#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "protocol/gitlab/api_url.hpp"
#include "protocol/gitlab/client.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/resolve.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/doctor/checks.hpp"
#include "runner/doctor/http_date.hpp"
#include "runner/doctor/judge_gitlab.hpp"
#include "runner/doctor/judge_network.hpp"
#include "runner/doctor/server_options.hpp"

namespace runner::doctor {

namespace gitlab = protocol::gitlab;
namespace http = protocol::http;
using base::Result;
using base::Task;
using config::RunnerConfig;

namespace {

constexpr std::chrono::seconds kConnectLimit{10};

std::int64_t now_seconds() { return base::unix_micros_now() / 1'000'000; }

/// By this machine's own resolver.
Task<Result<PathFigures>> look_up(std::string host) {
    auto executor = co_await boost::asio::this_coro::executor;
    http::Watchdog watchdog(executor, std::chrono::steady_clock::now() + kConnectLimit);
    auto found = co_await http::resolve(host, 0, watchdog);
    PathFigures figures;
    figures.host = host;
    if (!found && found.error().is(base::ErrorKind::kCancelled)) co_return found.error();
    if (!found) {
        figures.failed_at = "resolve";
        figures.error = "the name cannot be resolved";
        co_return figures;
    }
    std::set<std::string> known;
    for (const auto& endpoint : *found) {
        const std::string address = endpoint.address().to_string();
        if (known.insert(address).second) figures.addresses.push_back(address);
    }
    co_return figures;
}

Task<Result<Contact>> contact(const RunnerConfig& runner) {
    auto executor = co_await boost::asio::this_coro::executor;
    const auto api = gitlab::api_url(runner.url);
    if (!api) co_return api.error();
    auto options = gitlab_options(runner);
    if (!options) co_return options.error();
    auto client = http::make_client(executor, std::move(*options));
    if (!client) co_return client.error();
    http::Request request;
    request.target = api->path + "/version";  // 401 without a user's token: an answer
    const std::int64_t sent = now_seconds();
    auto answer = co_await (*client)->send(std::move(request));
    if (!answer) co_return answer.error();
    co_return Contact{.status = answer->status,
                      .date = parse_http_date(answer->headers.get("Date")),
                      .sent = sent,
                      .received = now_seconds()};
}

Task<Result<Finding>> check_gitlab(const RunnerConfig& runner) {
    const auto target = target_of(runner.url, nullptr);
    if (!target)
        co_return problem(target.error().message, "correct url in [[runners]], or the proxies");
    auto looking = look_up(target->host);
    const auto names = co_await std::move(looking);
    if (names && names->addresses.empty())
        co_return problem(runner.url + ": the name cannot be resolved", "see the line dns");
    auto asking = contact(runner);
    const auto answer = co_await std::move(asking);
    if (!answer && answer.error().is(base::ErrorKind::kCancelled)) co_return answer.error();
    co_return judge_contact(runner.url, answer, target->proxy);
}

Task<Result<Finding>> check_clock(const RunnerConfig& runner) {
    auto asking = contact(runner);
    const auto answer = co_await std::move(asking);
    if (!answer && answer.error().is(base::ErrorKind::kCancelled)) co_return answer.error();
    co_return judge_clock(runner.url, answer);
}

Task<Result<Finding>> check_names(const RunnerConfig& runner) {
    const auto target = target_of(runner.url, nullptr);
    if (!target) co_return skipped(target.error().message);
    auto looking = look_up(target->host);
    auto figures = co_await std::move(looking);
    if (!figures) co_return figures.error();
    co_return judge_names(Place::kHost, {*figures});
}

Task<Result<Finding>> check_packets(const Context& context, const RunnerConfig& runner) {
    const auto target = target_of(runner.url, nullptr);
    if (!target) co_return skipped(target.error().message);
    auto looking = look_up(target->host);
    auto figures = co_await std::move(looking);
    if (!figures) co_return figures.error();
    if (figures->addresses.empty()) co_return skipped(target->host + " has no address (see dns)");
    std::vector<std::string> words{"connect", "--host", figures->addresses.front(), "--port",
                                   target->port};
    auto probing = probe_host(context, std::move(words));
    auto measured = co_await std::move(probing);
    if (!measured) co_return measured.error();
    if (measured->paths.empty()) co_return skipped("runner-helper measured nothing");
    co_return judge_packets(Place::kHost, measured->paths.front());
}

Task<Result<Finding>> check_proxies(const Context& context) {
    auto proxies = proxies_of(nullptr);
    if (!proxies) co_return problem(proxies.error().message, "correct HTTP_PROXY and HTTPS_PROXY");
    std::vector<PathFigures> paths;
    for (const auto& proxy : *proxies) {
        std::vector<std::string> words{"connect", "--host", proxy.host, "--port", proxy.port};
        auto probing = probe_host(context, std::move(words));
        auto measured = co_await std::move(probing);
        if (!measured) co_return measured.error();
        paths.insert(paths.end(), measured->paths.begin(), measured->paths.end());
    }
    co_return judge_proxies(Place::kHost, paths);
}

gitlab::ClientOptions client_options(const RunnerConfig& runner) {
    gitlab::ClientOptions options;
    options.url = runner.url;
    options.tls = tls_of(runner);
    return options;
}

Task<Result<Finding>> check_token(const Context& context, const RunnerConfig& runner) {
    if (runner.token.empty())
        co_return problem("\"" + runner.name + "\" has no token", "runner register");
    auto client = gitlab::make_client(context.executor, client_options(runner));
    if (!client) co_return client.error();
    auto info = daemon::runner_info(*context.config, runner);
    auto answer = co_await (*client)->verify(runner.token, context.system_id, std::move(info));
    if (!answer && answer.error().is(base::ErrorKind::kCancelled)) co_return answer.error();
    co_return judge_token(runner, answer, now_seconds());
}

/// A user's token must not be sent to a server that did not make it.
bool have_one_server(const Context& context) {
    const auto& runners = context.runners;
    return std::all_of(runners.begin(), runners.end(), [&runners](const RunnerConfig* runner) {
        return runner->url == runners.front()->url;
    });
}

Task<Result<Finding>> check_paused(const Context& context, const RunnerConfig& runner) {
    if (context.options.access_token.empty())
        co_return skipped(
            "\"" + runner.name + "\": GitLab tells only its users",
            "look in GitLab: Settings > CI/CD > Runners; or --access-token-file FILE");
    if (!have_one_server(context))
        co_return skipped("\"" + runner.name + "\": the access token is for one server only",
                          "runner doctor --runner NAME --access-token-file FILE");
    auto client = gitlab::make_client(context.executor, client_options(runner));
    if (!client) co_return client.error();
    std::int64_t id = runner.id;
    if (id == 0) {
        auto info = daemon::runner_info(*context.config, runner);
        auto answer = co_await (*client)->verify(runner.token, context.system_id, std::move(info));
        if (!answer) co_return skipped("\"" + runner.name + "\": its id is not known (see token)");
        id = answer->id;
    }
    auto asking = gitlab::ask_runner_state(context.executor, client_options(runner), id,
                                           context.options.access_token);
    auto state = co_await std::move(asking);
    if (!state && state.error().is(base::ErrorKind::kCancelled)) co_return state.error();
    co_return judge_paused(runner, state);
}

}  // namespace

void add_gitlab_checks(const Context& context, Checks& checks) {
    checks.push_back({.name = "proxy", .run = [&context] { return check_proxies(context); }});
    std::set<std::string> servers;
    for (const RunnerConfig* runner : context.runners) {
        const auto add = [&checks, runner](const char* name, auto run) {
            checks.push_back({.name = name, .run = run});
        };
        if (servers.insert(runner->url + '\n' + runner->tls_ca_file).second) {
            add("dns", [runner] { return check_names(*runner); });
            add("gitlab", [runner] { return check_gitlab(*runner); });
            add("clock", [runner] { return check_clock(*runner); });
            add("mtu", [&context, runner] { return check_packets(context, *runner); });
        }
        add("token", [&context, runner] { return check_token(context, *runner); });
        add("paused", [&context, runner] { return check_paused(context, *runner); });
    }
}

}  // namespace runner::doctor
