#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "base/stop_source.hpp"
#include "protocol/http/client.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/service_manager.hpp"
#include "runner/commands/status_text.hpp"
#include "runner/config/inspect.hpp"

namespace runner::commands {

namespace {

base::Result<protocol::http::Response> get(const std::string& endpoint) {
    boost::asio::io_context context(1);
    protocol::http::ClientOptions options;
    options.endpoint = endpoint;
    options.connect_limit = std::chrono::seconds(5);
    options.total_limit = std::chrono::seconds(10);
    auto client = protocol::http::make_client(context.get_executor(), std::move(options));
    if (!client) return client.error();
    protocol::http::Request request;
    request.target = "/status.json";
    std::optional<base::Result<protocol::http::Response>> outcome;
    auto on_end = [&](const std::exception_ptr& failure,
                      base::Result<protocol::http::Response> answer) {
        if (failure)
            outcome.emplace(base::error_from_exception(failure));
        else
            outcome.emplace(std::move(answer));
    };
    boost::asio::co_spawn(context, (*client)->send(std::move(request)), on_end);
    while (!outcome) context.run_one();
    return std::move(*outcome);
}

base::Result<std::string> page_over_tcp(const std::string& address) {
    const std::string endpoint = status_endpoint(address);
    auto answer = get(endpoint);
    if (!answer) {
        auto error = answer.error().with_context(
            fmt::format("no daemon answers at {} (is `runner run` running?)", endpoint));
        if (answer.error().code != boost::asio::error::connection_refused) {
            error.message +=
                "; if tls_cert_file is set in [status], it speaks TLS, and this command does not: "
                "on the machine itself, leave --listen-address out";
        }
        return error;
    }
    if (answer->status == 200) return std::move(answer->body);
    if (answer->status == 401) {
        return base::make_error(
            base::ErrorKind::kUnauthorized,
            fmt::format("{} wants the token of [status], which this command does not send: leave "
                        "--listen-address out, then it asks the control socket",
                        endpoint));
    }
    return base::make_error(
        base::ErrorKind::kProtocol,
        fmt::format("{}/status.json answered {} {}", endpoint, answer->status, answer->reason));
}

/// The address of the configuration, for a daemon of another machine or container, whose socket is
/// not here; "" for none.
std::string configured_address(const Values& values) {
    const auto inspection = config::inspect_file(config_path(values));
    return inspection ? inspection->config.listen_address : std::string();
}

base::Result<std::string> status_page(const Values& values) {
    const std::string given = values.text("listen-address");
    if (!given.empty()) return page_over_tcp(given);
    auto client = DaemonClient::open(values);
    if (!client) return client.error();
    auto page = (*client)->get("/status.json");
    if (page || !page.error().is(base::ErrorKind::kUnavailable) || values.has("socket"))
        return page;
    const std::string configured = configured_address(values);
    if (configured.empty()) return page;
    auto other = page_over_tcp(configured);
    return other ? other : page;
}

/// Says the state of the service in the official words. Returns whether it runs. A machine without
/// systemd, or whose daemon is no service, has nothing to say.
bool show_service(const ServiceManager& manager, bool daemon_answers) {
    const auto state = manager.state();
    if (state && state->active) {
        print(fmt::format("{}: Service is running\n", manager.name()));
        return true;
    }
    if (daemon_answers) return false;
    if (state) {
        base::log::error(
            state->installed
                ? fmt::format("{}: Service is not running: {}", manager.name(), state->words)
                : fmt::format("{}: Service is not installed", manager.name()));
    }
    return false;
}

int show_text(const ServiceManager& manager, const base::Result<std::string>& page) {
    const bool service_runs = show_service(manager, page.has_value());
    if (page) {
        auto text = status_text(*page);
        if (!text) return fail(text.error());
        print(*text);
        return 0;
    }
    if (!service_runs) return fail(page.error());
    // Scripts ask whether the service runs, and need not be allowed to ask the daemon.
    base::log::warning(page.error().message);
    return 0;
}

int status(const Values& values) {
    const auto manager = ServiceManager::open(values);
    if (!manager) return fail(manager.error());
    const auto page = status_page(values);
    if (!wants_json(values) && !values.flag("json")) return show_text(*manager, page);
    if (!page) return fail(page.error());
    print(*page);
    return 0;
}

}  // namespace

Command status_command() {
    auto flags = daemon_flags();
    flags.push_back(text_flag({"listen-address"}, "HOST:PORT",
                              "ask there, and not the control socket", "LISTEN_ADDRESS"));
    for (Flag& flag : service_flags()) flags.push_back(std::move(flag));
    flags.push_back(format_flag());
    flags.push_back(bool_flag({"json"}, "the same as --format json"));
    return {.name = "status",
            .summary = "what the daemon on this machine is doing",
            .usage = "[flags]",
            .description =
                "Prints whether the service runs, and what the daemon is doing: its jobs, their "
                "stages and ages, its runners and their last\n"
                "contact with GitLab. It asks the daemon's control socket, or listen_address. Exit "
                "code 1 when no service runs and no daemon\n"
                "answers, so that it can be the health check of a container.",
            .examples =
                "  runner status\n"
                "  runner status --format json\n"
                "  runner status --listen-address 10.0.0.5:9252\n",
            .flags = std::move(flags),
            .run = status};
}

}  // namespace runner::commands
