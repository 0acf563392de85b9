#include "runner/daemon/status_service.hpp"

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/host_name.hpp"
#include "base/log.hpp"
#include "base/notifier.hpp"
#include "base/parse.hpp"
#include "protocol/http/server.hpp"
#include "runner/status/allowed_hosts.hpp"
#include "runner/status/pages.hpp"

namespace runner::daemon {

namespace http = protocol::http;

namespace {

constexpr std::uint16_t kDefaultPort = 9252;
constexpr std::chrono::milliseconds kStopGrace{500};

/// "host:port", ":port", "host", "[::1]:port".
base::Result<http::ServerOptions> parse_address(const std::string& address) {
    http::ServerOptions options;
    options.port = kDefaultPort;
    std::string host = address;
    const auto colon = address.rfind(':');
    const auto bracket = address.rfind(']');
    const bool has_port =
        colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
    if (has_port) {
        host = address.substr(0, colon);
        const auto port = base::parse_number<std::uint16_t>(address.substr(colon + 1));
        if (!port) {
            return base::make_error(base::ErrorKind::kInvalidInput,
                                    "listen_address \"" + address +
                                        "\" is not an address: write host:port, as in \":9252\"");
        }
        options.port = *port;
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    options.host = host;
    return options;
}

status::AllowedHosts allowed_hosts(const std::string& listen_host) {
    const auto resolver = base::read_file("/etc/resolv.conf");
    return {{base::host_name(), listen_host},
            status::search_domains(resolver ? std::string_view(*resolver) : std::string_view())};
}

}  // namespace

class StatusService::Impl {
  public:
    Impl(const boost::asio::any_io_executor& io, const MetricsRecorder& all_events)
        : executor(io), recorder(all_events), stop(io) {}

    status::Snapshot collect() const {
        status::Snapshot now;
        now.now_unix_micros = base::unix_micros_now();
        now.started_unix_micros = started;
        now.process_state = "starting";
        if (!source) return now;
        const StatusSnapshot given = source();
        now.process_state = given.process_state;
        now.system_id = given.system_id;
        now.concurrent = given.config->concurrent;
        now.disks = given.disks;
        now.paused = given.pauses.all;
        now.draining = given.pauses.draining;
        for (const auto& entry : *given.entries) {
            now.runners.push_back(runner_state(*entry));
            now.runners.back().paused = given.pauses.has(entry->runner->name);
        }
        for (const status::JobState* job : given.jobs) now.jobs.push_back(*job);
        return now;
    }

    status::RunnerState runner_state(const RunnerEntry& entry) const {
        const auto& runner = *entry.runner;
        const auto flag = runner.feature_flags.find("FF_USE_ADAPTIVE_REQUEST_CONCURRENCY");
        const bool adaptive = flag == runner.feature_flags.end() || flag->second;
        status::RunnerState state;
        state.name = runner.name;
        state.short_token = entry.short_token;
        state.url = runner.url;
        state.executor = runner.executor;
        state.limit = runner.limit;
        state.request_concurrency = runner.request_concurrency;
        state.requests_in_flight = entry.token_state->requests_in_flight;
        state.adaptive_limit = entry.token_state->adaptive.value();
        state.used_limit = entry.token_state->adaptive.limit(runner.request_concurrency, adaptive);
        if (const Contact* contact = recorder.contact(entry.key)) {
            state.healthy = contact->healthy;
            state.last_contact_unix_micros = contact->unix_micros;
            state.last_answer = contact->answer;
        }
        if (!has_executor(runner)) {
            state.healthy = false;
            state.last_answer =
                "never asked: this program has no executor \"" + runner.executor + "\"";
        }
        return state;
    }

    base::Task<http::Response> answer(http::Request request) {
        if (!hosts.allow(request)) co_return status::refuse_host();
        co_return page(request);
    }

    http::Response page(const http::Request& request) const {
        return status::answer(request, collect(), recorder.metrics());
    }

    boost::asio::any_io_executor executor;
    std::int64_t started = base::unix_micros_now();
    const MetricsRecorder& recorder;
    std::function<StatusSnapshot()> source;
    std::unique_ptr<http::Server> server;
    status::AllowedHosts hosts{{}, {}};
    bool stopped = false;
    base::Notifier stop;
};

StatusService::StatusService(const boost::asio::any_io_executor& executor,
                             const MetricsRecorder& recorder)
    : impl_(std::make_unique<Impl>(executor, recorder)) {}
StatusService::~StatusService() = default;

base::Result<void> StatusService::listen(const std::string& address) {
    auto options = parse_address(address);
    if (!options) return options.error();
    impl_->hosts = allowed_hosts(options->host);
    Impl* impl = impl_.get();
    http::Server::Handler handler = [impl](http::Request request) {
        return impl->answer(std::move(request));
    };
    auto server = http::Server::listen(impl_->executor, *options, std::move(handler));
    if (!server) return server.error().with_context("listen_address");
    impl_->server = std::move(*server);
    base::log::info("Metrics server listening",
                    {{"address", address}, {"port", impl_->server->port()}});
    return {};
}

void StatusService::observe(std::function<StatusSnapshot()> snapshot) {
    impl_->source = std::move(snapshot);
}

base::Task<http::Response> StatusService::page(http::Request request) {
    co_return impl_->page(request);
}

base::Task<void> StatusService::serve() {
    if (!impl_->server) co_return;
    impl_->server->start();
    while (!impl_->stopped) {
        co_await impl_->stop.wait();
    }
    co_await impl_->server->stop(kStopGrace);
}

void StatusService::stop() {
    impl_->stopped = true;
    impl_->stop.notify_all();
}

}  // namespace runner::daemon
