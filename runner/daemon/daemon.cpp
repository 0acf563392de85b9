#include "runner/daemon/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/memory.hpp"
#include "runner/config/system_id.hpp"
#include "runner/daemon/service_manager.hpp"

namespace runner::daemon {

using base::StopReason;

namespace {

/// How long a stop waits for the answer of a job request: the server may have assigned a job. One
/// that the server holds for longer is a long poll, in which no job is assigned.
constexpr std::chrono::seconds kRequestGrace{2};
constexpr std::chrono::seconds kConfigInterval{3};  // runner-protocol.md §6.5

std::string_view signal_name(int signal) {
    switch (signal) {
        case SIGQUIT: return "quit";
        case SIGTERM: return "terminated";
        case SIGINT: return "interrupt";
        case SIGHUP: return "hangup";
        default: return "signal";
    }
}

}  // namespace

Daemon::Daemon(const boost::asio::any_io_executor& executor, DaemonOptions options)
    : executor_(executor),
      options_(std::move(options)),
      signals_(executor, SIGQUIT, SIGTERM, SIGINT),
      status_(executor),
      executors_(executor),
      builder_(executor,
               [this](const config::RunnerConfig& runner,
                      const protocol::gitlab::CallRecord& call) { status_.on_call(runner, call); }),
      stop_changed_(executor),
      services_(executor) {
    // USR1 and USR2 would end the process; tools that rotate logs send them.
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) signals_.add(signal);
}

base::Result<void> Daemon::load() {
    config_stamp_ = file_stamp(options_.config_path);
    auto loaded = config::load_config(options_.config_path);
    if (!loaded && loaded.error().is(base::ErrorKind::kNotFound)) {
        base::log::warning("There is no configuration yet; waiting for `runner register`",
                           {{"path", options_.config_path.string()}});
        config::Config empty;
        empty.path = options_.config_path;
        loaded = empty;
    }
    status_.on_configuration(loaded.has_value());
    if (!loaded) return loaded.error();
    for (const std::string& warning : loaded->warnings) base::log::warning(warning);
    if (loaded->concurrent < 1) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                options_.config_path.string() +
                                    ": concurrent must be at least 1, or no job would ever run");
    }
    apply(std::make_shared<const config::Config>(std::move(*loaded)));
    base::log::info("Configuration loaded",
                    {{"runners", entries_.size()}, {"concurrent", config_->concurrent}});
    return {};
}

void Daemon::apply(std::shared_ptr<const config::Config> config) {
    config_ = std::move(config);
    status_.on_places(config_->concurrent);
    if (options_.configure_log) {
        if (auto done = options_.configure_log(*config_); !done) {
            base::log::warning("The log stays as it is", {{"error", done.error().message}});
        }
    }
    entries_ = builder_.build(config_);
    if (rotation_) rotation_->configure(entries_);
    if (poller_) {
        poller_->configure(entries_, config_->concurrent,
                           std::chrono::seconds(config_->check_interval_seconds));
    }
}

base::Result<void> Daemon::open() {
    auto state = journal::StateDir::acquire(journal::state_directory_for(options_.config_path));
    if (!state) return state.error();
    state_dir_.emplace(std::move(*state));
    const auto id = config::load_system_id(options_.config_path);
    for (const std::string& warning : id.warnings) base::log::warning(warning);
    system_id_ = id.value;
    open_watch();
    if (auto loaded = load(); !loaded) return loaded.error();
    const std::string address =
        options_.listen_address.empty() ? config_->listen_address : options_.listen_address;
    if (!address.empty()) {
        if (auto listening = status_.listen(address); !listening) return listening.error();
    }
    return {};
}

std::shared_ptr<RunnerEntry> Daemon::entry_for(const journal::JobRecord& record) const {
    for (const auto& entry : entries_) {
        if (entry->runner->url == record.url && entry->short_token == record.short_token)
            return entry;
    }
    // The token may have been replaced since: the server's number of the runner stays.
    for (const auto& entry : entries_) {
        const bool same = record.runner_id != 0 && entry->runner->id == record.runner_id;
        if (same && entry->runner->url == record.url) return entry;
    }
    return nullptr;
}

void Daemon::take_up_former_jobs() {
    auto found = journal::find_jobs(state_dir_->path());
    std::set<std::int64_t> live;
    for (const auto& job : found)
        live.insert(std::atoll(job.journal.directory().filename().c_str()));
    jobs_->restore(std::move(found),
                   [this](const journal::JobRecord& record) { return entry_for(record); });
    services_.spawn("remove leftovers", executors_.remove_leftovers(config_, system_id_, live));
}

/// After the first poll, which brings the last of what only a start needs (certificates), and after
/// jobs.
void Daemon::rest_when_idle() {
    if (rested_ || jobs_->running() > 0) return;
    rested_ = true;
    base::release_idle_memory();
}

base::Task<int> Daemon::run() {
    auto make = [this](const config::RunnerConfig& runner) { return executors_.make(runner); };
    JobHost::Observer observer;
    observer.on_start = [this](const job::JobRun& run) { status_.on_job_start(run); };
    observer.on_end = [this](const job::JobRun& run) {
        status_.on_job_end(run);
        rested_ = false;
        poller_->notify();
    };
    observer.on_refuse = [this](const RunnerEntry& entry) { status_.on_job_refused(entry); };
    observer.on_inputs = [this](const script::InputsExpansion& expansion) {
        status_.on_inputs(expansion);
    };
    JobHost::Options options;
    options.state_dir = state_dir_->path();
    options.system_id = system_id_;
    options.make_executor = make;
    jobs_ = std::make_unique<JobHost>(executor_, std::move(options), std::move(observer));
    JobPoller::Host host;
    host.running_jobs = [this] { return jobs_->running(); };
    host.running_jobs_of = [this](const std::string& runner) { return jobs_->running_of(runner); };
    host.accept = [this](std::shared_ptr<RunnerEntry> entry,
                         protocol::gitlab::JobRequestAnswer answer) {
        jobs_->accept(std::move(entry), answer);
    };
    host.observe = [this](const RunnerEntry& entry,
                          const protocol::gitlab::JobRequestAnswer& answer) {
        status_.on_job_request(entry, answer);
        if (answer.outcome == protocol::gitlab::JobRequestOutcome::kNone) rest_when_idle();
    };
    host.fed = [this](const RunnerEntry& entry, status::Feed feed) {
        status_.on_feed(entry, feed);
    };
    poller_ = std::make_unique<JobPoller>(executor_, system_id_, std::move(host));
    auto on_new_token = [this](bool saved) {
        status_.on_configuration_saved(saved);
        if (saved) reload();
    };
    rotation_ = std::make_unique<TokenRotation>(executor_, options_.config_path, on_new_token);
    apply(config_);
    status_.observe([this] { return snapshot(); });

    services_.spawn("signals", watch_signals());
    services_.spawn("configuration", watch_configuration());
    services_.spawn("configuration's time", poll_configuration());
    services_.spawn("status endpoint", status_.serve());
    services_.spawn("watchdog", feed_watchdog());
    take_up_former_jobs();
    base::TaskGroup feeding(executor_);
    feeding.spawn("job poller", poller_->run());
    feeding.spawn("token rotation", rotation_->run());
    base::log::info("Runner is ready", {{"config", config_->path.string()},
                                        {"runners", entries_.size()},
                                        {"concurrent", config_->concurrent},
                                        {"system_id", system_id_}});
    notify_service_manager(kServiceReady);

    while (!plan_.stopping()) {
        co_await stop_changed_.wait();
    }
    co_await wind_down();
    co_await feeding.wait();
    status_.stop();
    services_.cancel_all();
    co_await services_.wait();
    base::log::info("Runner has stopped", {{"exit_code", exit_code_}});
    co_return exit_code_;
}

base::Task<void> Daemon::wind_down() {
    notify_service_manager(kServiceStopping);
    rotation_->stop();
    poller_->stop();
    co_await poller_->drain();
    co_await jobs_->wait();
}

base::Task<void> Daemon::limit_the_requests() {
    auto waited = co_await base::sleep_for(kRequestGrace);
    if (waited) poller_->cancel_requests();
}

/// A forceful stop has an end.
base::Task<void> Daemon::limit_the_stop() {
    const auto limit = std::chrono::seconds(config_->shutdown_timeout_seconds);
    auto waited = co_await base::sleep_for(limit);
    if (!waited) co_return;
    base::log::error("The jobs did not end within shutdown_timeout; the next start takes them up",
                     {{"seconds", config_->shutdown_timeout_seconds}});
    jobs_->save_all();
    std::_Exit(1);
}

void Daemon::on_signal(int signal) {
    switch (plan_.on_signal(signal)) {
        case ShutdownPlan::Action::kNone: return;
        case ShutdownPlan::Action::kReload: return reload();
        case ShutdownPlan::Action::kDescribe: return describe();
        case ShutdownPlan::Action::kDrain:
            base::log::warning("Starting graceful shutdown, waiting for builds to finish",
                               {{"signal", signal_name(signal)}, {"jobs", jobs_->running()}});
            services_.spawn("limit of the job requests", limit_the_requests());
            break;
        case ShutdownPlan::Action::kStop:
            base::log::warning("Starting forceful shutdown",
                               {{"signal", signal_name(signal)},
                                {"jobs", jobs_->running()},
                                {"shutdown_timeout_s", config_->shutdown_timeout_seconds}});
            jobs_->stop_all(StopReason::kShutdown, signal_name(signal));
            services_.spawn("limit of the job requests", limit_the_requests());
            services_.spawn("limit of the stop", limit_the_stop());
            break;
        case ShutdownPlan::Action::kLeave:
            // The journal has everything: the next start takes the jobs up or reports them.
            base::log::error("Leaving at once", {{"signal", signal_name(signal)}});
            jobs_->save_all();
            std::_Exit(1);
    }
    stop_changed_.notify_all();
}

void Daemon::describe() const {
    for (const status::JobState* job : jobs_->statuses()) {
        base::log::debug("Running job", {{"job", job->id},
                                         {"project", job->project},
                                         {"runner_name", job->runner_name},
                                         {"state", job->state},
                                         {"stage", job->stage},
                                         {"executor_stage", job->executor_stage}});
    }
}

base::Task<void> Daemon::watch_signals() {
    while (true) {
        auto [code, signal] = co_await signals_.async_wait(base::use_tuple);
        if (code) co_return;
        on_signal(signal);
    }
}

void Daemon::reload() {
    notify_reloading();
    if (auto loaded = load(); !loaded) {
        base::log::error("The configuration has an error; the former one stays in use",
                         {{"error", loaded.error().message}});
    }
    notify_service_manager(kServiceReady);
}

void Daemon::open_watch() {
    auto watch = ConfigWatch::open(executor_, options_.config_path);
    if (watch) {
        watch_.emplace(std::move(*watch));
        return;
    }
    base::log::warning("Changes of the configuration are seen only after SIGHUP",
                       {{"error", watch.error().message}});
}

base::Task<void> Daemon::watch_configuration() {
    while (watch_) {
        auto changed = co_await watch_->next_change();
        if (!changed) co_return;
        reload_if_changed();
    }
}

/// What inotify does not tell: a change behind a symbolic link (Kubernetes swaps a directory), a
/// file system of another machine, a time that was set.
base::Task<void> Daemon::poll_configuration() {
    while (true) {
        const bool slept = co_await base::sleep_for(kConfigInterval);
        if (!slept) co_return;
        reload_if_changed();
    }
}

/// Editors write in several steps, and a new token of ours was read already.
void Daemon::reload_if_changed() {
    const std::string stamp = file_stamp(options_.config_path);
    if (stamp.empty() || stamp == config_stamp_) return;
    reload();
}

StatusSnapshot Daemon::snapshot() const {
    return {config_.get(), &entries_, jobs_->statuses(), plan_.state_name(), system_id_};
}

}  // namespace runner::daemon
