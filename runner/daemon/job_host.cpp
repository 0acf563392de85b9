#include "runner/daemon/job_host.hpp"

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/run_caught.hpp"
#include "runner/cache/make_remote_cache.hpp"
#include "runner/daemon/job_lines.hpp"
#include "runner/daemon/job_refusal.hpp"
#include "runner/job/gitlab_channel.hpp"
#include "runner/job/job_environment.hpp"
#include "runner/job/job_scope.hpp"
#include "runner/job/job_variables.hpp"
#include "runner/script/feature_flags.hpp"
#include "runner/status/job_choice.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

/// As officially: the file that the configuration names, else the issuers of the server's
/// certificate up to the root, which is what the connection was verified with.
std::string ca_chain_for_scripts(const std::string& issuers, const std::string& ca_file) {
    if (issuers.empty() || ca_file.empty()) return issuers;
    auto own = base::read_file(ca_file);
    return own ? *own : issuers;  // the connection has said what is wrong with it
}

journal::JobRecord record_of(const RunnerEntry& entry, const gitlab::JobRequestAnswer& answer) {
    journal::JobRecord record;
    record.url = entry.runner->url;
    record.short_token = entry.short_token;
    record.runner_id = entry.runner->id;
    record.received_unix_micros = base::unix_micros_now();
    record.ca_chain = ca_chain_for_scripts(answer.tls_ca_chain, entry.runner->tls_ca_file);
    record.correlation_id = answer.correlation_id;
    return record;
}

/// A former job of the slot may still have processes in its directory.
base::Task<void> wait_for_slot(const job::JobRun& run, const journal::SlotTable& slots,
                               base::Notifier& changed) {
    const auto& setup = run.context().setup;
    const std::string runner = config::runner_identity(*setup.runner);
    const std::int64_t project = setup.payload.job_info.project_id;
    const executors::Waiting waiting(run.context().log(), "the former job of its directory to end");
    while (slots.is_held(runner, project, setup.record.slot)) {
        co_await changed.wait();
    }
}

}  // namespace

JobHost::JobHost(const boost::asio::any_io_executor& executor, Options options, Observer observer)
    : executor_(executor),
      options_(std::move(options)),
      working_dir_(std::filesystem::current_path().string()),
      observer_(std::move(observer)),
      slots_changed_(executor),
      group_(executor) {
    if (!options_.identities) options_.identities = std::make_shared<cache::Identities>(executor);
}

void JobHost::accept(std::shared_ptr<RunnerEntry> entry, const gitlab::JobRequestAnswer& answer,
                     std::shared_ptr<interactive::Session> session) {
    auto payload = gitlab::decode_payload(answer.payload);
    if (!payload) {
        const std::string& why = payload.error().message;
        const auto identity = gitlab::decode_identity(answer.payload);
        const auto about = job::job_scope(identity ? identity->id : 0, 0, record_of(*entry, answer),
                                          entry->runner->name);
        if (!identity) {
            about.error("The server sent a job that cannot be understood", {{"error", why}});
            return;
        }
        return refuse(entry, {identity->id, identity->token},
                      {journal::FailureReason::kSystemFailure, 0,
                       "the server's job description cannot be understood: " + why},
                      about);
    }
    const gitlab::JobCredentials credentials{payload->id, payload->token};
    const base::log::Scope daemon_log =
        job::job_scope(*payload, record_of(*entry, answer), entry->runner->name);
    log_received(daemon_log, *payload);
    if (auto problem = expand_inputs(*entry, *payload)) {
        return refuse(entry, credentials, std::move(*problem), daemon_log,
                      payload->features.failure_reasons);
    }
    auto begun = begin(entry, std::move(*payload), answer, std::move(session));
    if (begun) return;
    refuse(entry, credentials, {journal::FailureReason::kSystemFailure, 0, begun.error().message},
           daemon_log);
}

void JobHost::refuse(const std::shared_ptr<RunnerEntry>& entry, gitlab::JobCredentials job,
                     journal::Failure why, base::log::Scope daemon_log,
                     std::vector<std::string> known_reasons) {
    log_refused(daemon_log, why);
    observer_.on_refuse(*entry);
    group_.spawn("refuse a job", refuse_job(entry, std::move(job), std::move(why),
                                            std::move(known_reasons), std::move(daemon_log)));
}

/// Gives the job a slot and a place in the journal, and starts it. Both are given back when it
/// cannot be started.
base::Result<void> JobHost::begin(const std::shared_ptr<RunnerEntry>& entry,
                                  gitlab::JobPayload payload,
                                  const gitlab::JobRequestAnswer& answer,
                                  std::shared_ptr<interactive::Session> session) {
    const std::string identity = config::runner_identity(*entry->runner);
    const std::int64_t project = payload.job_info.project_id;
    journal::JobRecord record = record_of(*entry, answer);
    record.slot = take_slot(*entry, {project, job::is_protected(payload)});
    auto journal = journal::Journal::create(options_.state_dir, entry->runner->url, payload.id,
                                            record, answer.payload);
    if (!journal) {
        slots_.release(identity, project, record.slot);
        return journal.error();
    }
    auto started =
        start_caught(entry, *journal, record, std::move(payload), nullptr, std::move(session));
    if (started) return {};
    slots_.release(identity, project, record.slot);
    if (auto removed = journal->remove(); !removed) {
        base::log::error(
            "A job's journal could not be removed",
            {{"directory", journal->directory().string()}, {"error", removed.error().message}});
    }
    return started.error();
}

journal::Slot JobHost::take_slot(const RunnerEntry& entry, journal::SlotOwner owner) {
    const std::string identity = config::runner_identity(*entry.runner);
    SlotWishes wishes;
    if (options_.slot_wishes) wishes = options_.slot_wishes(entry, owner);
    if (wishes.others.empty()) return slots_.acquire(identity, owner);
    UsedNumbers used;
    used.warmest_of_project = slots_.warmest_free(identity, owner);
    for (const Running& running : jobs_) {
        const auto& setup = running.run->context().setup;
        const std::int64_t other = setup.payload.job_info.project_id;
        if (config::runner_identity(*setup.runner) != identity) continue;
        // One that has been reported gives its numbers to the next job (SlotTable::leave()).
        const bool reported =
            running.run->context().checkpoints.state().phase >= journal::Phase::kCleaning;
        if (reported && !setup.restored) continue;
        used.of_runner.insert(setup.record.slot.concurrent_id);
        if (other == owner.project) used.of_project.insert(setup.record.slot.concurrent_project_id);
    }
    const auto slot = choose_slot(wishes, used);
    slots_.occupy(identity, owner, slot);
    return slot;
}

std::optional<journal::Failure> JobHost::expand_inputs(const RunnerEntry& entry,
                                                       gitlab::JobPayload& payload) const {
    if (payload.inputs.empty()) return std::nullopt;
    const script::FeatureFlags flags(payload, *entry.runner);
    if (!flags.enabled("FF_ENABLE_JOB_INPUTS_INTERPOLATION")) return std::nullopt;
    const auto expansion = script::expand_inputs(payload);
    observer_.on_inputs(expansion);
    if (expansion.problem == script::InputsExpansion::Problem::kNone) return std::nullopt;
    return journal::Failure{journal::FailureReason::kConfigurationError, 0, expansion.message};
}

base::Result<void> JobHost::start(const std::shared_ptr<RunnerEntry>& entry,
                                  journal::Journal journal, const journal::JobRecord& record,
                                  gitlab::JobPayload payload, const journal::Checkpoint* restored,
                                  std::shared_ptr<interactive::Session> session) {
    auto executor = options_.make_executor(*entry->runner);
    if (!executor) return executor.error();
    script::Variables variables = job::make_variables(payload, *entry->runner, record);
    job::GitLabChannelOptions options;
    options.client = entry->jobs;
    options.info = runner_info(*entry->config, *entry->runner);
    options.payload = &payload;
    options.variables = &variables;
    options.runner = entry->runner;
    options.spool = journal.spool_path();
    options.restored = restored;
    options.daemon_log = job::job_scope(payload, record, entry->runner->name);
    auto channel = job::make_gitlab_channel(executor_, options);
    if (!channel) return channel.error();
    job::JobSetup setup{.config = entry->config,
                        .runner = entry->runner,
                        .payload = std::move(payload),
                        .variables = std::move(variables),
                        .system_id = options_.system_id,
                        .adopted_volumes = options_.adopted_volumes,
                        .working_dir = working_dir_,
                        .record = record,
                        .journal = std::move(journal),
                        .restored = restored ? std::optional(*restored) : std::nullopt,
                        .executor = std::move(*executor),
                        .channel = std::move(*channel),
                        .observer = options_.observer,
                        .make_session = options_.make_session};
    setup.session = std::move(session);
    add_cache(setup);
    watch_slot(setup);
    const auto running = jobs_.emplace(
        jobs_.end(), Running{entry, std::make_unique<job::JobRun>(executor_, std::move(setup))});
    if (stopped_ != base::StopReason::kNone) running->run->stop(stopped_, stop_signal_);
    (restored == nullptr ? observer_.on_start : observer_.on_take_over)(*running->run);
    group_.spawn("job " + std::to_string(running->run->status().id), run_to_the_end(running));
    return {};
}

base::Result<void> JobHost::start_caught(const std::shared_ptr<RunnerEntry>& entry,
                                         journal::Journal journal, const journal::JobRecord& record,
                                         gitlab::JobPayload payload,
                                         const journal::Checkpoint* restored,
                                         std::shared_ptr<interactive::Session> session) {
    try {
        return start(entry, std::move(journal), record, std::move(payload), restored,
                     std::move(session));
    } catch (const std::exception& thrown) {
        return base::make_error(base::ErrorKind::kInternal,
                                std::string("internal error of the runner: ") + thrown.what());
    }
}

/// An object storage that cannot be used is no reason to fail the job.
void JobHost::add_cache(job::JobSetup& setup) const {
    auto cache = cache::make_remote_cache(executor_, *setup.runner, *options_.identities);
    if (cache) {
        setup.cache = std::move(*cache);
    } else {
        setup.cache_problem = cache.error().message;
        // A problem of the configuration itself was said when that was loaded.
        if (!setup.runner->cache.problem.empty()) return;
        base::log::warning("The object storage of caches is not used",
                           {{"job", setup.payload.id},
                            {"runner_name", setup.runner->name},
                            {"error", setup.cache_problem}});
    }
}

void JobHost::watch_slot(job::JobSetup& setup) {
    const std::string runner = config::runner_identity(*setup.runner);
    const std::int64_t project = setup.payload.job_info.project_id;
    const journal::Slot slot = setup.record.slot;
    setup.on_reported = [this, runner, project, slot] { slots_.leave(runner, project, slot); };
    // Once: the next job may have the number by then.
    setup.on_halted = [this, runner, project, slot, held = true]() mutable {
        if (!std::exchange(held, false)) return;
        slots_.release(runner, project, slot);
        slots_changed_.notify_all();
    };
}

/// Whatever escapes the job, its slot and its place are free afterwards, and the server is told.
base::Task<void> JobHost::run_to_the_end(Position running) {
    base::Result<void> reported;
    auto ended = co_await base::run_caught(carry_out(running, reported));
    if (ended) ended = reported;
    if (!ended) {
        auto told = co_await base::run_caught(report_lost(running, ended.error()));
        static_cast<void>(told);  // then the server ends the job by its own time limit
    }
    running->run->context().setup.on_halted();
    tell_end(*running->run);
    jobs_.erase(running);
}

base::Task<void> JobHost::carry_out(Position running, base::Result<void>& reported) {
    co_await wait_for_slot(*running->run, slots_, slots_changed_);
    reported = co_await running->run->run();
}

/// The job's own report has failed or has not begun, so it goes another way.
base::Task<void> JobHost::report_lost(Position running, base::Error why) {
    const job::JobContext& context = running->run->context();
    journal::Failure failure{journal::FailureReason::kSystemFailure, 0,
                             "internal error of the runner: " + context.log().masked(why.message)};
    context.daemon_log.error("A job is given up", {{"error", failure.message}});
    const gitlab::JobCredentials job{context.payload().id, context.payload().token};
    auto refusing = refuse_job(running->entry, job, std::move(failure),
                               context.payload().features.failure_reasons, context.daemon_log);
    co_await std::move(refusing);
}

void JobHost::tell_end(const job::JobRun& run) const {
    try {
        log_end(run);
        observer_.on_end(run);
    } catch (const std::exception& thrown) {
        run.context().daemon_log.error("The end of a job could not be counted",
                                       {{"error", thrown.what()}});
    }
}

void JobHost::restore(
    std::vector<journal::FoundJob> jobs,
    const std::function<std::shared_ptr<RunnerEntry>(const journal::JobRecord&)>& find_entry) {
    for (journal::FoundJob& found : jobs) {
        const std::string directory = found.journal.directory().string();
        auto entry = find_entry(found.record);
        base::Result<void> taken_up = base::make_error(
            base::ErrorKind::kConfiguration, "its runner is no longer in the configuration");
        if (entry) taken_up = take_up(entry, found);
        if (taken_up) continue;
        const auto identity = gitlab::decode_identity(found.payload);
        job::job_scope(identity ? identity->id : 0, 0, found.record,
                       entry ? entry->runner->name : "")
            .error("A job of a former run cannot be taken up again",
                   {{"directory", directory}, {"error", taken_up.error().message}});
    }
}

base::Result<void> JobHost::take_up(const std::shared_ptr<RunnerEntry>& entry,
                                    journal::FoundJob& found) {
    if (found.checkpoint.takeovers >= journal::kMaxTakeovers) {
        auto executor = options_.make_executor(*entry->runner);
        if (!executor) return executor.error();
        group_.spawn("give up a job", give_up_job(entry, std::move(*executor), std::move(found)));
        return {};
    }
    // Before anything is made of the payload, because that may be what ends the daemon.
    ++found.checkpoint.takeovers;
    if (auto saved = found.journal.save(found.checkpoint); !saved) return saved.error();
    auto payload = gitlab::decode_payload(found.payload);
    if (!payload) return payload.error();
    // Its inputs were right when it was begun.
    auto problem = expand_inputs(*entry, *payload);
    static_cast<void>(problem);
    const std::string runner = config::runner_identity(*entry->runner);
    const std::int64_t project = payload->job_info.project_id;
    slots_.occupy(runner, {project, job::is_protected(*payload)}, found.record.slot);
    auto started = start_caught(entry, found.journal, found.record, std::move(*payload),
                                &found.checkpoint, nullptr);
    if (!started) slots_.release(runner, project, found.record.slot);
    return started;
}

void JobHost::stop_all(base::StopReason reason, std::string_view signal) {
    stopped_ = reason;
    stop_signal_ = signal;
    for (Running& running : jobs_) running.run->stop(reason, signal);
}

JobHost::Cancel JobHost::cancel(std::int64_t job, const std::string& runner, std::string_view why) {
    job::JobRun* found = nullptr;
    for (Running& running : jobs_) {
        const auto& status = running.run->status();
        if (status.id != job || !status::is_of_runner(status, runner)) continue;
        if (found != nullptr) return Cancel::kAmbiguous;
        found = running.run.get();
    }
    if (found == nullptr) return Cancel::kUnknown;
    const bool stopping = found->stop(base::StopReason::kAdminCancel, why);
    return stopping ? Cancel::kStopping : Cancel::kTooLate;
}

void JobHost::save_all() {
    for (Running& running : jobs_) running.run->save();
}

base::Task<void> JobHost::wait() { co_await group_.wait(); }

std::vector<const job::JobRun*> JobHost::runs() const {
    std::vector<const job::JobRun*> all;
    for (const Running& running : jobs_) all.push_back(running.run.get());
    return all;
}

}  // namespace runner::daemon
