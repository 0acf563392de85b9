#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "base/stop_source.hpp"
#include "protocol/http/client.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/config_entries.hpp"
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

base::Result<std::string> listen_address(const Values& values) {
    const std::string given = values.text("listen-address");
    if (!given.empty()) return given;
    const auto path = config_path(values);
    auto inspection = config::inspect_file(path);
    if (!inspection) return inspection.error();
    if (!inspection->config.listen_address.empty()) return inspection->config.listen_address;
    return base::make_error(
        base::ErrorKind::kNotFound,
        fmt::format("the daemon has no status endpoint: set listen_address = \"127.0.0.1:9252\" at "
                    "the top of {}, or say where it is with --listen-address",
                    path.string()));
}

int status(const Values& values) {
    auto address = listen_address(values);
    if (!address) return fail(address.error());
    const std::string endpoint = status_endpoint(*address);
    auto answer = get(endpoint);
    if (!answer) {
        return fail(answer.error().with_context(
            fmt::format("no daemon answers at {} (is `runner run` running?)", endpoint)));
    }
    if (answer->status != 200) {
        return fail(
            fmt::format("{}/status.json answered {} {}", endpoint, answer->status, answer->reason));
    }
    if (values.flag("json")) {
        print(answer->body);
        return 0;
    }
    auto text = status_text(answer->body);
    if (!text) return fail(text.error().with_context(endpoint));
    print(*text);
    return 0;
}

}  // namespace

Command status_command() {
    return {.name = "status",
            .summary = "what the daemon on this machine is doing",
            .usage = "[flags]",
            .description =
                "Prints what the daemon on this machine is doing: its jobs, their stages and ages, "
                "its runners and their last contact\n"
                "with GitLab. It asks the daemon's status endpoint (listen_address). Exit code 1 "
                "when none answers.",
            .examples =
                "  runner status\n"
                "  runner status --json\n"
                "  runner status --listen-address 10.0.0.5:9252\n",
            .flags = {config_flag(),
                      text_flag({"listen-address"}, "HOST:PORT", "where the daemon listens",
                                "LISTEN_ADDRESS"),
                      bool_flag({"json"}, "the page as it is, for programs")},
            .run = status};
}

}  // namespace runner::commands
