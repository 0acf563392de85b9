#include "runner/daemon/status_service.hpp"

#include <chrono>
#include <optional>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/host_name.hpp"
#include "base/log.hpp"
#include "base/parse.hpp"
#include "base/secret_file.hpp"
#include "base/strings.hpp"
#include "protocol/http/server.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/status/access.hpp"
#include "runner/status/history.hpp"
#include "runner/status/routes.hpp"

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

base::Result<base::Secret> read_token(const std::string& file) {
    if (file.empty()) return base::Secret();
    auto token = base::read_token_file(file);
    if (!token) return token.error().with_context("token_file of [status]");
    return token;
}

std::int64_t unix_micros_of(std::chrono::steady_clock::time_point when) {
    const auto ahead = std::chrono::duration_cast<std::chrono::microseconds>(
        when - std::chrono::steady_clock::now());
    return base::unix_micros_now() + ahead.count();
}

}  // namespace

class StatusService::Impl final : public status::PageSource {
  public:
    Impl(const boost::asio::any_io_executor& io, const MetricsRecorder& all_events)
        : executor(io), recorder(all_events) {
        status::add_pages(router, *this);
    }

    status::Snapshot now() const override {
        status::Snapshot now;
        now.now_unix_micros = base::unix_micros_now();
        now.started_unix_micros = started;
        now.process_state = "starting";
        if (!source) return now;
        StatusSnapshot given = source();
        now.process_state = given.process_state;
        now.system_id = given.system_id;
        now.concurrent = given.config->concurrent;
        now.disks = given.disks;
        now.config_problem = std::move(given.config_problem);
        now.paused = given.pauses.all;
        now.draining = given.pauses.draining;
        for (const auto& entry : *given.entries) {
            now.runners.push_back(runner_state(*entry));
            now.runners.back().paused = given.pauses.has(entry->runner->name);
            now.runners.back().disk_problem = given.disk_problem_of(*entry->runner);
        }
        for (const job::JobRun* run : given.jobs) {
            now.jobs.push_back(run->status());
            const auto& session = run->context().setup.session;
            now.jobs.back().terminal = session && session->has_terminal();
        }
        now.engines = std::move(given.engines);
        now.warm = std::move(given.warm);
        return now;
    }

    const status::Metrics& metrics() const override { return recorder.metrics(); }

    std::shared_ptr<trace::LogFeed> log_of(const status::JobState& job) override {
        if (!source) return nullptr;
        for (const job::JobRun* run : source().jobs) {
            const auto& other = run->status();
            if (other.id == job.id && other.short_token == job.short_token)
                return run->context().channel().readable_log();
        }
        return nullptr;
    }

    std::vector<status::RecentJob> recent(std::size_t most) override {
        return history ? history->recent(most) : std::vector<status::RecentJob>();
    }

    std::vector<status::RecentJob> recent_of(std::int64_t job) override {
        return history ? history->find(job) : std::vector<status::RecentJob>();
    }

    void remember(const job::JobRun& run) {
        if (!history) return;
        status::RecentJob recent;
        recent.job = run.status();
        recent.finished_unix_micros = base::unix_micros_now();
        if (const auto& failure = run.outcome().failure) {
            recent.failure_reason = to_string(failure->reason);
            recent.message = failure->message;
        }
        history->add(recent);
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
        recorder.contacts().describe(entry.key, state);
        if (const auto& until = entry.token_state->resting_until) {
            state.resting_until_unix_micros = unix_micros_of(*until);
        }
        if (!runner.problem.empty()) {
            state.healthy = false;
            state.last_kind = status::LastAnswer::kUnusable;
            state.last_answer = base::join(base::split(runner.problem, '\n'), "; ");
        }
        if (!has_executor(runner) && runner.problem.empty()) {
            state.known_executor = false;
            state.healthy = false;
            state.last_answer =
                "never asked: this program has no executor \"" + runner.executor + "\"";
        }
        return state;
    }

    base::Task<http::Response> answer(http::Request request) {
        auto refused = access.refuse(request);
        http::Response response;
        if (refused) {
            response = std::move(*refused);
        } else {
            response = co_await router.answer(std::move(request));
        }
        status::add_browser_rules(response);
        co_return response;
    }

    boost::asio::any_io_executor executor;
    std::int64_t started = base::unix_micros_now();
    const MetricsRecorder& recorder;
    std::function<StatusSnapshot()> source;
    std::optional<status::History> history;
    http::Router router;
    status::Access access;
    std::unique_ptr<http::Server> server;
    std::string address;  ///< as it is configured
};

StatusService::StatusService(const boost::asio::any_io_executor& executor,
                             const MetricsRecorder& recorder)
    : impl_(std::make_unique<Impl>(executor, recorder)) {}
StatusService::~StatusService() = default;

base::Result<void> StatusService::listen(const std::string& address,
                                         const config::StatusSettings& settings) {
    auto options = parse_address(address);
    if (!options) return options.error();
    auto token = read_token(settings.token_file);
    if (!token) return token.error();
    impl_->access = status::Access(allowed_hosts(options->host), std::move(*token));
    if (settings.tls_cert_file.empty() != settings.tls_key_file.empty()) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "tls_cert_file and tls_key_file of [status] need each other");
    }
    if (!settings.tls_cert_file.empty()) {
        options->tls = http::TlsSettings{
            .ca_file = {}, .cert_file = settings.tls_cert_file, .key_file = settings.tls_key_file};
    }
    Impl* impl = impl_.get();
    http::Server::Handler handler = [impl](http::Request request) {
        return impl->answer(std::move(request));
    };
    auto server = http::Server::listen(impl_->executor, *options, std::move(handler));
    if (!server) return server.error().with_context("listen_address");
    impl_->server = std::move(*server);
    impl_->address = address;
    return {};
}

void StatusService::keep_history(const std::filesystem::path& state_dir, std::size_t jobs) {
    if (impl_->history) {
        impl_->history->keep(jobs);
    } else {
        impl_->history.emplace(state_dir / "history.sqlite", jobs);
    }
}

base::Task<http::Response> StatusService::page(http::Request request) {
    return impl_->router.answer(std::move(request));
}

void StatusService::observe(std::function<StatusSnapshot()> snapshot) {
    impl_->source = std::move(snapshot);
}

void StatusService::start() {
    if (!impl_->server) return;
    base::log::info("Metrics server listening",
                    {{"address", impl_->address}, {"port", impl_->server->port()}});
    impl_->server->start();
}

void StatusService::remember(const job::JobRun& run) { impl_->remember(run); }

base::Task<void> StatusService::stop() {
    if (impl_->server) co_await impl_->server->stop(kStopGrace);
    impl_->history.reset();  // writes what is left of its log into the file
}

}  // namespace runner::daemon
