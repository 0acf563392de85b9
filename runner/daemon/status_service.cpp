#include "runner/daemon/status_service.hpp"

#include <map>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/host_name.hpp"
#include "base/log.hpp"
#include "base/notifier.hpp"
#include "base/parse.hpp"
#include "protocol/http/server.hpp"
#include "runner/job/failure_reason.hpp"
#include "runner/status/allowed_hosts.hpp"
#include "runner/status/pages.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;
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

std::string describe(const gitlab::JobRequestAnswer& answer) {
    if (!answer.message.empty()) return answer.message;
    return answer.status == 0 ? "no answer" : std::to_string(answer.status);
}

}  // namespace

class StatusService::Impl {
  public:
    explicit Impl(const boost::asio::any_io_executor& io) : executor(io), stop(io) {}

    struct Contact {
        std::int64_t unix_micros = 0;
        std::string answer;
        bool healthy = true;
    };

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
        if (const auto contact = contacts.find(entry.key); contact != contacts.end()) {
            state.healthy = contact->second.healthy;
            state.last_contact_unix_micros = contact->second.unix_micros;
            state.last_answer = contact->second.answer;
        }
        if (!has_executor(runner)) {
            state.healthy = false;
            state.last_answer =
                "never asked: this program has no executor \"" + runner.executor + "\"";
        }
        return state;
    }

    status::RunnerLabels labels(const std::string& short_token, const std::string& name) const {
        return {short_token, name, source ? source().system_id : std::string()};
    }

    base::Task<http::Response> answer(http::Request request) {
        if (!hosts.allow(request)) co_return status::refuse_host();
        co_return page(request);
    }

    http::Response page(const http::Request& request) const {
        return status::answer(request, collect(), metrics);
    }

    boost::asio::any_io_executor executor;
    std::int64_t started = base::unix_micros_now();
    status::Metrics metrics;
    std::function<StatusSnapshot()> source;
    std::map<std::string, Contact> contacts;  ///< by RunnerEntry::key
    std::unique_ptr<http::Server> server;
    status::AllowedHosts hosts{{}, {}};
    bool stopped = false;
    base::Notifier stop;
};

StatusService::StatusService(const boost::asio::any_io_executor& executor)
    : impl_(std::make_unique<Impl>(executor)) {}
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

void StatusService::on_configuration(bool loaded) { impl_->metrics.configuration_loaded(loaded); }

void StatusService::on_configuration_saved(bool saved) {
    impl_->metrics.configuration_saved(saved);
}

void StatusService::on_places(int concurrent) { impl_->metrics.places_changed(concurrent); }

void StatusService::on_feed(const RunnerEntry& entry, status::Feed feed) {
    impl_->metrics.fed(impl_->labels(entry.short_token, entry.runner->name), feed);
}

void StatusService::on_job_refused(const RunnerEntry& entry) {
    impl_->metrics.job_refused(impl_->labels(entry.short_token, entry.runner->name));
}

void StatusService::on_inputs(const script::InputsExpansion& expansion) {
    using Problem = script::InputsExpansion::Problem;
    const std::string problem = expansion.problem == Problem::kParse        ? "parse"
                                : expansion.problem == Problem::kEvaluation ? "evaluation"
                                : expansion.problem == Problem::kSensitive ? "sensitive_unsupported"
                                                                           : "";
    impl_->metrics.inputs_expanded(expansion.count, problem);
}

void StatusService::on_call(const config::RunnerConfig& runner, const gitlab::CallRecord& call) {
    status::ApiCall record;
    record.runner = impl_->labels(config::short_token(runner.token), runner.name);
    record.endpoint = call.endpoint;
    record.method = call.method;
    record.status = call.status;
    record.duration = call.duration;
    record.attempts = call.attempts;
    impl_->metrics.api_call(record);
}

void StatusService::on_job_request(const RunnerEntry& entry,
                                   const gitlab::JobRequestAnswer& answer) {
    if (answer.outcome == gitlab::JobRequestOutcome::kCancelled) return;
    Impl::Contact& contact = impl_->contacts[entry.key];
    if (answer.status != 0) contact.unix_micros = base::unix_micros_now();
    contact.answer = describe(answer);
    contact.healthy = answer.healthy();
    if (!answer.healthy()) {
        impl_->metrics.request_refused_by_server(
            impl_->labels(entry.short_token, entry.runner->name));
    }
}

void StatusService::on_job_start(const job::JobRun& run) {
    const auto& setup = run.context().setup;
    const auto& info = setup.payload.job_info;
    impl_->metrics.job_received(
        {.runner = impl_->labels(setup.record.short_token, setup.runner->name),
         .executor = setup.runner->executor,
         .seconds_in_queue = info.time_in_queue_seconds,
         .project_jobs_running = info.project_jobs_running_on_instance_runners_count,
         .queue_size = info.queue_size,
         .queue_depth = info.queue_depth});
}

void StatusService::on_job_end(const job::JobRun& run) {
    const auto& setup = run.context().setup;
    const auto age = base::unix_micros_now() - setup.record.received_unix_micros;
    const auto& failure = run.outcome().failure;
    impl_->metrics.job_finished(
        {.runner = impl_->labels(setup.record.short_token, setup.runner->name),
         .duration = std::chrono::milliseconds(age / 1000),
         .failure_reason = failure ? std::string(to_string(failure->reason)) : std::string()});
}

}  // namespace runner::daemon
