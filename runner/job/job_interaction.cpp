#include "runner/job/job_interaction.hpp"

#include <algorithm>
#include <utility>

#include "base/duration.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"
#include "executors/session/direct_stream.hpp"
#include "runner/job/script_runner.hpp"

namespace runner::job {

using interactive::ProxiedPort;

namespace {

/// The name of the job's own container (GitLab's Ci::BuildRunnerSession).
constexpr std::string_view kBuild = "build";

std::optional<ProxiedPort> port_of(const protocol::gitlab::Image& image, std::string host,
                                   std::string_view wanted) {
    const auto number = base::parse_number<std::int64_t>(wanted);
    for (const auto& port : image.ports) {
        const bool same = number ? port.number == *number : port.name == wanted;
        if (!same || port.number < 1 || port.number > 65535) continue;
        return ProxiedPort{std::move(host), static_cast<std::uint16_t>(port.number),
                           port.protocol == "https"};
    }
    return std::nullopt;
}

/// The names by which a job calls a service: its aliases, or what its image's name makes
/// (job-runtime.md §5.7).
std::vector<std::string> names_of(const protocol::gitlab::Image& service) {
    std::string aliases = service.alias;
    std::replace(aliases.begin(), aliases.end(), ',', ' ');
    std::vector<std::string> names;
    for (const auto& name : base::split(aliases, ' ')) {
        if (!name.empty()) names.push_back(name);
    }
    if (!names.empty()) return names;
    std::string name = service.name.substr(0, service.name.find('@'));
    if (const auto colon = name.rfind(':');
        colon != std::string::npos && name.find('/', colon) == std::string::npos) {
        name.resize(colon);
    }
    return {base::replace_all(name, "/", "-"), base::replace_all(name, "/", "__")};
}

}  // namespace

void JobInteraction::open() {
    if (std::exchange(open_, true) || !context_.setup.session) return;
    context_.setup.session->attach(*this);
}

bool JobInteraction::has_terminal() const {
    return context_.setup.session && context_.setup.session->has_terminal();
}

bool JobInteraction::may_wait() const {
    const auto& progress = context_.checkpoints.state().progress;
    return has_terminal() && !no_wait_.requested() && !context_.stop.requested() &&
           progress.stop == base::StopReason::kNone && !progress.job_timed_out;
}

std::chrono::seconds JobInteraction::terminal_limit() const {
    const std::chrono::seconds limit(context_.setup.config->session_server.session_timeout_seconds);
    const auto left = *context_.deadline() - std::chrono::steady_clock::now();
    return std::min(limit, std::chrono::round<std::chrono::seconds>(left));
}

base::Task<void> JobInteraction::wait_for_terminal() {
    if (!context_.setup.session) co_return;
    auto reason = base::StopReason::kAbort;
    if (may_wait()) {
        const auto limit = terminal_limit();
        const std::string time = base::format_go_duration(limit);
        context_.log().notice("Terminal is connected, will time out in " + time + "...");
        const executors::Waiting waiting(context_.log(), "the web terminal to be closed");
        const auto until = std::chrono::steady_clock::now() + limit;
        auto leaving = context_.setup.session->wait_disconnected();
        auto left = co_await base::run_stoppable<void>(&no_wait_, std::move(leaving), until);
        const bool timed_out = !left && left.error().is(base::ErrorKind::kTimeout);
        if (timed_out) {
            context_.log().notice("terminal session timed out (maximum time allowed - " + time +
                                  ")");
        } else {
            context_.log().notice("Terminal disconnected");
        }
        reason = timed_out ? base::StopReason::kTimeout : base::StopReason::kAbort;
    }
    co_await end(reason);
}

base::Task<void> JobInteraction::end(base::StopReason reason) {
    if (context_.setup.session) co_await context_.setup.session->end(reason);
}

base::Task<base::Result<JobInteraction::Stream>> JobInteraction::open_terminal() {
    const auto& info = context_.executor().info();
    executors::session::TerminalCommand command;
    command.shells = info.shells;
    command.arguments = info.login_arguments;
    command.user = info.user;
    command.environment = script_environment(context_);
    command.environment.try_emplace("TERM", "xterm-256color");
    command.cwd = context_.directories->project;
    auto connecting = context_.executor().connect();
    auto stream = co_await std::move(connecting);
    if (!stream) co_return stream.error();
    auto opening = executors::session::open_terminal(std::move(*stream), std::move(command));
    auto terminal = co_await std::move(opening);
    if (terminal) {
        context_.daemon_log.info("A web terminal was connected");
    } else {
        context_.daemon_log.warning("A web terminal could not be opened",
                                    {{"error", context_.log().masked(terminal.error().message)}});
    }
    co_return std::move(terminal);
}

std::optional<ProxiedPort> JobInteraction::find_port(std::string_view service,
                                                     std::string_view port) const {
    const auto& payload = context_.payload();
    if (service == kBuild && payload.image) return port_of(*payload.image, "127.0.0.1", port);
    for (const auto& candidate : payload.services) {
        for (const auto& name : names_of(candidate)) {
            if (name == service) return port_of(candidate, name, port);
        }
    }
    return std::nullopt;
}

base::Task<base::Result<JobInteraction::Stream>> JobInteraction::open_port(ProxiedPort port) {
    auto connecting = context_.executor().connect();
    auto stream = co_await std::move(connecting);
    if (!stream) co_return stream.error();
    auto opening = executors::session::open_port(std::move(*stream), port.host, port.number);
    auto connected = co_await std::move(opening);
    co_return std::move(connected);
}

}  // namespace runner::job
