#include "runner/daemon/daemon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/clock.hpp"
#include "base/memory.hpp"
#include "runner/collector/places.hpp"
#include "runner/config/system_id.hpp"
#include "runner/daemon/orphans.hpp"
#include "runner/daemon/service_manager.hpp"

namespace runner::daemon {

namespace {

void report_problems(const config::Config& config) {
    for (const auto& runner : config.runners) {
        if (runner.problem.empty()) continue;
        base::log::error("A runner takes no jobs until its configuration is corrected",
                         {{"runner_name", runner.name}, {"error", runner.problem}});
    }
}

/// A request that the server holds would bring a job when there is one.
base::Task<void> cancel_later(JobPoller& poller) {
    const bool waited = co_await base::sleep_for(kRequestGrace);
    if (waited) poller.cancel_paused_requests();
}

/// Pages and the service manager get one line. The former problem's time is kept.
status::ConfigProblem changed(const status::ConfigProblem& former, const std::string& message) {
    if (message.empty()) return {};
    const auto since = former.text.empty() ? base::unix_micros_now() : former.since_unix_micros;
    return {message.substr(0, message.find('\n')), since};
}

}  // namespace

Daemon::Daemon(const boost::asio::any_io_executor& executor, DaemonOptions options)
    : executor_(executor),
      options_(std::move(options)),
      signals_(executor, SIGQUIT, SIGTERM, SIGINT),
      reloader_(executor, options_.config_path, [this] { reload(); }),
      status_(executor, recorder_),
      sessions_(executor),
      executors_(executor, options_.shell_user, &services_),
      disks_(executor, disk_host()),
      builder_(
          executor,
          [this](const config::RunnerConfig& runner, const protocol::gitlab::CallRecord& call) {
              recorder_.on_call(runner, call);
          }),
      warm_(executors_, disks_),
      control_(executor),
      limits_(
          executor, options_.end_after, [this] { return jobs_->running() == 0; },
          [this] { shutdown_->finish(); }),
      services_(executor) {
    // USR1 would end the process; tools that rotate logs send it.
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) signals_.add(signal);
}

base::Result<config::Config> Daemon::read_config() {
    reloader_.note_read();
    auto loaded = config::load_config(options_.config_path);
    if (!loaded && loaded.error().is(base::ErrorKind::kNotFound)) {
        base::log::warning("There is no configuration yet; waiting for `runner register`",
                           {{"path", options_.config_path.string()}});
        config::Config empty;
        empty.path = options_.config_path;
        loaded = empty;
    }
    recorder_.on_configuration(loaded.has_value());
    if (!loaded) return loaded.error();
    kept_tokens_->read();
    kept_tokens_->use_in(*loaded);
    return loaded;
}

base::Result<void> Daemon::load() {
    if (options_.fixed_config) {
        apply(options_.fixed_config);
        return {};
    }
    auto loaded = read_config();
    if (!loaded) return loaded.error();
    for (const std::string& warning : loaded->warnings) base::log::warning(warning);
    if (config_) sessions_.keep_addresses(config_->session_server, loaded->session_server);
    if (loaded->concurrent < 1) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                options_.config_path.string() +
                                    ": concurrent must be at least 1, or no job would ever run");
    }
    apply(std::make_shared<const config::Config>(std::move(*loaded)));
    report_problems(*config_);
    base::log::info("Configuration loaded",
                    {{"runners", entries_.size()}, {"concurrent", config_->concurrent}});
    return {};
}

void Daemon::apply(std::shared_ptr<const config::Config> config) {
    config_ = std::move(config);
    recorder_.on_places(config_->concurrent);
    status_.keep_history(state_dir_->path(), static_cast<std::size_t>(config_->status.recent_jobs));
    if (options_.configure_log) {
        if (auto done = options_.configure_log(*config_); !done) {
            base::log::warning("The log stays as it is", {{"error", done.error().message}});
        }
    }
    entries_ = builder_.build(config_);
    disks_.configure(*config_, state_dir_->path());
    if (rotation_ && !options_.fixed_config) rotation_->configure(entries_);
    if (poller_) {
        poller_->configure(entries_, config_->concurrent,
                           std::chrono::seconds(config_->check_interval_seconds));
        warm_.configure(config_, control_.pauses());
    }
}

base::Result<void> Daemon::open() {
    const auto wanted = options_.state_dir.empty()
                            ? journal::state_directory_for(options_.config_path)
                            : options_.state_dir;
    auto state = journal::StateDir::acquire(wanted);
    if (!state) return state.error();
    state_dir_.emplace(std::move(*state));
    kept_tokens_.emplace(state_dir_->path());
    uses_ = std::make_shared<collector::UsageRecord>(state_dir_->path());
    executors_.record_uses(uses_);
    const auto id = config::load_system_id(options_.config_path);
    for (const std::string& warning : id.warnings) base::log::warning(warning);
    system_id_ = id.value;
    auto adopted = journal::AdoptedVolumes::read(state_dir_->path());
    if (!adopted) return adopted.error();
    adopted_volumes_ = std::make_shared<const journal::AdoptedVolumes>(std::move(*adopted));
    recorder_.set_system_id(system_id_);
    reloader_.open();
    if (auto loaded = load(); !loaded) return loaded.error();
    const std::string address =
        options_.listen_address.empty() ? config_->listen_address : options_.listen_address;
    if (!address.empty()) {
        if (auto listening = status_.listen(address, config_->status); !listening)
            return listening.error();
    }
    if (auto opened = sessions_.open(config_->session_server); !opened) return opened.error();
    return control_.listen(state_dir_->path(), config_->socket_group);
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
    executor_factory::ExecutorFactory::LiveJobs live;
    for (const auto& job : found) {
        // Of a job that is given up during its preparation, nothing but the labels is known.
        const bool given_up = job.checkpoint.takeovers >= journal::kMaxTakeovers;
        if (given_up && job.checkpoint.executor_state.empty()) continue;
        live.saved_states.push_back(job.checkpoint.executor_state);
        live.ids.insert(std::atoll(job.journal.directory().filename().c_str()));
    }
    warm_.open();
    jobs_->restore(std::move(found),
                   [this](const journal::JobRecord& record) { return entry_for(record); });
    executor_factory::ExecutorFactory::OnRemoved on_removed =
        [this](const config::RunnerConfig& runner, int count) {
            recorder_.on_orphans(runner, count);
        };
    auto removing =
        executors_.remove_leftovers(config_, system_id_, std::move(live), std::move(on_removed));
    services_.spawn("remove leftovers", warm_.start_after(std::move(removing)));
}

/// Releases memory after the first poll, which loads the last data that only the start needs
/// (certificates), and after the last running job.
void Daemon::rest_when_idle() {
    if (rested_ || jobs_->running() > 0) return;
    rested_ = true;
    base::release_idle_memory();
}

void Daemon::make_jobs() {
    JobHost::Options options;
    options.state_dir = state_dir_->path();
    options.system_id = system_id_;
    options.adopted_volumes = adopted_volumes_;
    options.make_executor = [this](const config::RunnerConfig& runner) {
        return executors_.make(runner);
    };
    options.slot_wishes = [this](const RunnerEntry& entry, journal::SlotOwner owner) {
        return warm_.slot_wishes(entry, owner);
    };
    options.observer = &recorder_;
    options.identities = std::make_shared<cache::Identities>(executor_);
    recorder_.count_roles_of(options.identities);
    JobHost::Observer observer;
    observer.on_start = [this](const job::JobRun& run) {
        recorder_.on_job_start(run);
        limits_.job_started();
    };
    observer.on_take_over = [this](const job::JobRun& run) { recorder_.on_job_start(run); };
    observer.on_end = [this](const job::JobRun& run) {
        recorder_.on_job_end(run);
        status_.remember(run);
        limits_.job_ended();
        rested_ = false;
        poller_->notify();
    };
    observer.on_refuse = [this](const RunnerEntry& entry) { recorder_.on_job_refused(entry); };
    observer.on_inputs = [this](const script::InputsExpansion& expansion) {
        recorder_.on_inputs(expansion);
    };
    jobs_ = std::make_unique<JobHost>(executor_, std::move(options), std::move(observer));
}

void Daemon::make_poller() {
    JobPoller::Host host;
    host.running_jobs = [this] { return jobs_->running(); };
    host.running_jobs_of = [this](const std::string& runner) { return jobs_->running_of(runner); };
    host.paused = [this](const RunnerEntry& entry) {
        return control_.pauses().has(entry.runner->name) ||
               !disks_.problem_of(*entry.runner).empty();
    };
    host.accept = [this](std::shared_ptr<RunnerEntry> entry, JobRequests::Reply reply) {
        jobs_->accept(std::move(entry), reply.answer, std::move(reply.session));
    };
    host.open_session = [this](const RunnerEntry& entry) { return sessions_.announce(entry); };
    host.observe = [this](const RunnerEntry& entry,
                          const protocol::gitlab::JobRequestAnswer& answer) {
        recorder_.on_job_request(entry, answer);
        if (answer.outcome == protocol::gitlab::JobRequestOutcome::kNone) rest_when_idle();
    };
    host.fed = [this](const RunnerEntry& entry, status::Feed feed) {
        recorder_.on_feed(entry, feed);
    };
    poller_ = std::make_unique<JobPoller>(executor_, system_id_, std::move(host));
}

DiskKeeper::Host Daemon::disk_host() {
    DiskKeeper::Host host;
    host.engines = [this](const config::Config& config) {
        return collector::engine_stores(config, executors_, uses_, system_id_);
    };
    host.used_directories = [this] {
        std::vector<std::filesystem::path> used;
        for (const job::JobRun* run : jobs_->runs()) {
            const auto& directories = run->context().directories;
            if (directories) used.emplace_back(directories->project);
        }
        return used;
    };
    host.on_pause = [this] { services_.spawn("limit of paused requests", cancel_later(*poller_)); };
    host.on_resume = [this] { poller_->ask_now(); };
    host.on_removed = [this](const collector::Item& item, std::uint64_t bytes) {
        recorder_.on_collected(item, bytes);
    };
    host.on_collected = [this] { recorder_.on_collection_end(); };
    return host;
}

void Daemon::make_parts() {
    make_jobs();
    make_poller();
    auto on_new_token = [this](bool saved) {
        recorder_.on_configuration_saved(saved);
        reload();
    };
    rotation_ = std::make_unique<TokenRotation>(executor_, options_.config_path, *kept_tokens_,
                                                on_new_token);
    ShutdownSequence::Settings settings;
    settings.reload = [this] { reload(); };
    settings.limit = [this] { return std::chrono::seconds(config_->shutdown_timeout_seconds); };
    shutdown_ = std::make_unique<ShutdownSequence>(executor_, signals_, *jobs_, *poller_,
                                                   std::move(settings));
    apply(config_);
    status_.observe([this] { return snapshot(); });
    start_control();
}

void Daemon::start_control() {
    ControlService::Host host;
    host.jobs = jobs_.get();
    host.poller = poller_.get();
    host.runner_names = [this] {
        std::vector<std::string> names;
        for (const auto& entry : entries_) names.push_back(entry->runner->name);
        return names;
    };
    host.pauses_changed = [this] { warm_.configure(config_, control_.pauses()); };
    host.page = [this](protocol::http::Request request) {
        return status_.page(std::move(request));
    };
    host.collect = [this](collector::Wish wish) { return disks_.collect_now(wish); };
    control_.start(std::move(host));
}

base::Task<int> Daemon::run() {
    make_parts();
    services_.spawn("signals", shutdown_->watch());
    services_.spawn("configuration", reloader_.watch());
    services_.spawn("configuration's time", reloader_.poll());
    status_.start();
    sessions_.start();
    co_await disks_.look_here();
    services_.spawn("disks", disks_.run());
    services_.spawn("watchdog", feed_watchdog());
    services_.spawn("orphans", adopt_orphans());
    take_up_former_jobs();
    base::TaskGroup polling(executor_);
    polling.spawn("job poller", poller_->run());
    polling.spawn("token rotation", rotation_->run());
    services_.spawn("end without jobs", limits_.watch());
    base::log::info("Runner is ready", {{"config", config_->path.string()},
                                        {"runners", entries_.size()},
                                        {"concurrent", config_->concurrent},
                                        {"system_id", system_id_}});
    notify_service_manager(kServiceReady);
    if (entries_.empty()) rest_when_idle();  // there will be no first poll
    co_await shutdown_->wait();
    co_await wind_down();
    co_await polling.wait();
    if (shutdown_->handing_over()) {
        base::log::info("Runner has stopped; its jobs run on, and the next start takes them up",
                        {{"jobs", jobs_->running()}});
        shutdown_->leave(0);
    }
    co_await status_.stop();
    co_await sessions_.stop();
    co_await control_.stop();
    executors_.stop();
    co_await disks_.stop();
    services_.cancel_all();
    co_await services_.wait();
    co_await shutdown_->end();
    base::log::info("Runner has stopped", {{"exit_code", 0}});
    co_return 0;
}

base::Task<void> Daemon::wind_down() {
    notify_service_manager(kServiceStopping);
    rotation_->stop();
    poller_->stop();
    // Beside the jobs, which must not wait for an engine that does not answer.
    base::TaskGroup closing(executor_);
    closing.spawn("environments ahead", warm_.close());
    co_await poller_->drain();
    co_await shutdown_->wait_for_jobs();
    co_await closing.wait();
}

void Daemon::reload() {
    notify_reloading();
    const auto loaded = load();
    if (!loaded) {
        base::log::error("The configuration has an error; the former one stays in use",
                         {{"error", loaded.error().message}});
    }
    config_problem_ = changed(config_problem_, loaded ? std::string() : loaded.error().message);
    notify_service_manager(config_problem_.text.empty()
                               ? fmt::format("{}\nSTATUS=", kServiceReady)
                               : fmt::format("{}\nSTATUS=The former configuration stays in use: {}",
                                             kServiceReady, config_problem_.text));
}

StatusSnapshot Daemon::snapshot() {
    StatusSnapshot now;
    now.config = config_.get();
    now.entries = &entries_;
    now.jobs = jobs_->runs();
    now.process_state = shutdown_->state_name();
    now.system_id = system_id_;
    for (auto& engine : executors_.used_engines()) {
        now.engines.push_back({std::move(engine.host), std::move(engine.version)});
    }
    now.disks = disks_.states();
    now.disk_problem_of = [this](const config::RunnerConfig& runner) {
        return disks_.problem_of(runner);
    };
    now.warm = warm_.figures();
    now.pauses = control_.pauses();
    now.config_problem = config_problem_;
    return now;
}

}  // namespace runner::daemon
