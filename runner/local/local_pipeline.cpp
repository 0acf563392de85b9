#include "runner/local/local_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/strings.hpp"
#include "runner/journal/outcome.hpp"
#include "runner/local/downloads.hpp"
#include "runner/local/failed_shell.hpp"
#include "runner/local/selection.hpp"
#include "runner/local/terminal_channel.hpp"
#include "runner/pipeline/lint.hpp"

namespace runner::local {

using pipeline::plan::PlannedJob;
using pipeline::state::Status;

namespace {

constexpr std::size_t kTokenLength = 20;

JobEnd end_of(const journal::Outcome& outcome) {
    if (outcome.success()) return {};
    const journal::Failure& failure = *outcome.failure;
    JobEnd end;
    end.status =
        failure.reason == journal::FailureReason::kCanceled ? Status::kCanceled : Status::kFailed;
    end.reason = journal::to_string(failure.reason);
    if (failure.reason == journal::FailureReason::kScriptFailure) end.exit_code = failure.exit_code;
    end.note = note_of(failure.message);
    return end;
}

std::string described(const pipeline::Problems& problems, const pipeline::Loaded& loaded) {
    std::string text;
    for (const auto& problem : problems) text += pipeline::describe(problem, loaded);
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

}  // namespace

LocalPipeline::LocalPipeline(const boost::asio::any_io_executor& executor, Workshop& workshop,
                             Description description, pipeline::include::Source& source)
    : executor_(executor),
      workshop_(workshop),
      description_(std::move(description)),
      source_(source),
      beside_(executor) {}

LocalPipeline::~LocalPipeline() = default;

base::Result<void> LocalPipeline::load() {
    auto& request = description_.request;
    request.repository.files = workshop_.place.files();
    pipeline::LoadRequest& load = description_.load;
    load.variables = request.predefined;
    load.variables.merge(request.given);
    load.repository = request.repository;
    loaded_ = pipeline::load_configuration(load, source_);
    if (!loaded_.valid()) {
        return base::make_error(base::ErrorKind::kInvalidInput, described(loaded_.errors, loaded_));
    }
    pipeline_ = pipeline::plan::create_pipeline(*loaded_.configuration, loaded_.parallel, request);
    if (!pipeline_.errors.empty()) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                described(pipeline_.errors, loaded_));
    }
    auto chosen = select_jobs(pipeline_, description_.jobs, description_.with_needs);
    if (!chosen) return chosen;
    if (auto known = check_manual_names(); !known) return known;
    description_.facts.predefined = request.predefined;
    if (!pipeline_.name.empty()) {
        description_.facts.predefined.set("CI_PIPELINE_NAME", pipeline_.name);
    }
    description_.facts.given = request.given;
    return check_images();
}

/// A name may be meant for a child pipeline, which nobody knows before it begins: those that begin
/// with a bridge, and, when there is one, all others that this pipeline does not have.
base::Result<void> LocalPipeline::check_manual_names() {
    const auto& jobs = pipeline_.jobs;
    bool has_children = false;
    for (const PlannedJob& planned : jobs)
        has_children = has_children || starts_a_child(*planned.job);
    for (const std::string& name : workshop_.wishes.play) {
        bool known = false;
        bool of_a_child = has_children && name.find(" / ") == std::string::npos;
        for (const PlannedJob& planned : jobs) {
            const std::string& prefix = description_.prefix;
            known = known || is_named({name}, prefix, *planned.job);
            of_a_child = of_a_child || (starts_a_child(*planned.job) &&
                                        name.starts_with(prefix + planned.job->name + " / "));
        }
        if (known) workshop_.met.insert(name);
        if (known || of_a_child || !description_.prefix.empty()) continue;
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format(
                "--manual {}: there is no such job in this pipeline; `runner pipeline list` "
                "tells which there are",
                name));
    }
    return {};
}

base::Result<void> LocalPipeline::check_images() const {
    const auto& runner = workshop_.engine.runner();
    if (runner.executor != "docker" || !runner.docker.image.empty()) return {};
    for (const PlannedJob& planned : pipeline_.jobs) {
        if (planned.job->bridge || planned.job->value.given("image") != nullptr) continue;
        return base::make_error(
            base::ErrorKind::kInvalidInput,
            fmt::format("the job \"{}\" names no image: write `image:` into the job or under "
                        "`default:`, name one "
                        "for such jobs with --image, or run on this machine with --executor shell",
                        planned.job->name));
    }
    return {};
}

base::Task<Status> LocalPipeline::run() {
    for (const PlannedJob& planned : pipeline_.jobs) {
        const auto row =
            workshop_.display.add(description_.prefix + planned.job->name, planned.job->stage);
        if (&planned == &pipeline_.jobs.front()) first_row_ = row;
    }
    PipelineWishes wishes = workshop_.wishes;
    if (const auto* on_failure = pipeline_.auto_cancel.given("on_job_failure")) {
        wishes.cancel_on_failure = on_failure->is_text("all");
    }
    PipelineObserver& observer = *this;
    JobStarter& starter = *this;
    wishes.prefix = description_.prefix;
    run_ = std::make_unique<PipelineRun>(executor_, pipeline_.jobs, loaded_.configuration->stages,
                                         description_.request, wishes, starter, observer,
                                         workshop_.capacity);
    if (stopped_) run_->stop();
    co_await run_->run();
    co_await beside_.wait();
    co_return run_->process().status();
}

void LocalPipeline::stop() {
    if (stopped_) return;
    stopped_ = true;
    workshop_.questions.cancel();
    if (run_) run_->stop();
}

void LocalPipeline::stop_all() {
    for (const auto& [job, run] : running_) run->stop(base::StopReason::kUserCancel);
    for (LocalPipeline* child : children_) child->stop();
}

void LocalPipeline::on_state(std::size_t job, Status status, const std::string& note) {
    workshop_.display.state(first_row_ + job, status, note);
}

base::Task<std::vector<std::size_t>> LocalPipeline::choose(const std::vector<std::size_t>& manual) {
    auto& display = workshop_.display;
    display.hide();
    std::string text = "Manual jobs:\n";
    for (std::size_t i = 0; i < manual.size(); ++i) {
        const auto& job = *pipeline_.jobs[manual[i]].job;
        const auto* question = job.value.given("manual_confirmation");
        text += fmt::format("  {}  {}{}  ({}){}\n", i + 1, description_.prefix, job.name, job.stage,
                            question == nullptr ? "" : "  " + question->to_text());
    }
    display.say(text + "Which to play? (numbers, \"all\", Enter for none)");
    std::optional<std::vector<std::size_t>> chosen;
    while (!chosen) {
        auto line = co_await workshop_.questions.read_line();
        if (!line) break;
        std::string unknown;
        chosen = choice_of(*line, manual, unknown);
        if (!chosen)
            display.say("\"" + unknown + "\" is none of them. Which to play? (Enter for none)");
    }
    display.show();
    co_return chosen.value_or(std::vector<std::size_t>());
}

/// The jobs that an answer names by number or name; nothing, and the word, when one is none of
/// them.
std::optional<std::vector<std::size_t>> LocalPipeline::choice_of(
    const std::string& line, const std::vector<std::size_t>& manual, std::string& unknown) const {
    if (base::trim(line) == "all") return manual;
    std::vector<std::size_t> chosen;
    const auto take = [&](std::string_view word) {
        for (std::size_t i = 0; i < manual.size(); ++i) {
            const auto& name = pipeline_.jobs[manual[i]].job->name;
            if (word != std::to_string(i + 1) && word != name) continue;
            chosen.push_back(manual[i]);
            return true;
        }
        return false;
    };
    if (take(base::trim(line))) return chosen;  // names may have blanks
    std::string spaced = line;
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    for (const std::string& word : base::split(spaced, ' ')) {
        if (base::trim(word).empty() || take(base::trim(word))) continue;
        unknown = base::trim(word);
        return std::nullopt;
    }
    return chosen;
}

std::vector<std::string> LocalPipeline::left_undone() const {
    std::vector<std::string> sentences;
    for (std::size_t job = 0; job < pipeline_.jobs.size() && run_; ++job) {
        const auto& known = *pipeline_.jobs[job].job;
        const auto status = run_->process().jobs()[job].status;
        const bool waits = status == Status::kCreated || status == Status::kSkipped;
        const auto& asked = description_.jobs;
        const std::set<std::string> names(asked.begin(), asked.end());
        if (!waits || known.bridge || !is_named(names, {}, known)) continue;
        std::vector<std::string> manual;
        for (std::size_t other = 0; other < pipeline_.jobs.size(); ++other) {
            if (run_->process().jobs()[other].status == Status::kManual)
                manual.push_back(pipeline_.jobs[other].job->name);
        }
        sentences.push_back(
            manual.empty()
                ? fmt::format("{} did not run: it is {}", known.name, to_string(status))
                : fmt::format("{} did not run: it waits for a manual job. --manual \"{}\" plays it",
                              known.name, base::join(manual, "\" --manual \"")));
    }
    return sentences;
}

base::Task<JobEnd> LocalPipeline::run(std::size_t job, int attempt) {
    static_cast<void>(attempt);
    JobEnd end;
    if (pipeline_.jobs[job].job->bridge) {
        end = co_await run_child(job);
    } else {
        end = co_await run_script(job);
    }
    last_end_ = end;
    co_return end;
}

/// Archives and dotenv variables of the jobs before, of their last run each.
base::Result<void> LocalPipeline::add_downloads(std::size_t job, JobRequest& request) {
    for (const std::size_t earlier : jobs_to_download(pipeline_, job)) {
        const auto id = ids_.find(earlier);
        if (id == ids_.end()) continue;
        const std::string& name = pipeline_.jobs[earlier].job->name;
        if (const auto* kept = workshop_.artifacts.find(id->second, "archive")) {
            request.dependencies.push_back(
                {.id = id->second,
                 .name = name,
                 .token = {},
                 .artifact_filename = kept->name,
                 .artifact_size = static_cast<std::int64_t>(kept->bytes)});
        }
    }
    auto inherited = inherited_variables(job);
    if (!inherited) return inherited.error();
    request.inherited = std::move(*inherited);
    return {};
}

base::Result<std::vector<pipeline::variables::Variable>> LocalPipeline::inherited_variables(
    std::size_t job) {
    std::vector<pipeline::variables::Variable> all;
    for (const std::size_t earlier : jobs_to_download(pipeline_, job)) {
        const auto id = ids_.find(earlier);
        if (id == ids_.end()) continue;
        const std::string& name = pipeline_.jobs[earlier].job->name;
        auto text = workshop_.artifacts.read_report(id->second, "dotenv", kLargestReportBytes);
        if (!text) return text.error().with_context("the dotenv report of " + name);
        auto variables = parse_dotenv(*text);
        if (!variables) return variables.error().with_context(name);
        all.insert(all.end(), variables->begin(), variables->end());
    }
    return all;
}

base::Result<protocol::gitlab::JobPayload> LocalPipeline::payload_of(std::size_t job) {
    JobRequest request;
    request.pipeline = &description_.facts;
    request.planned = &pipeline_.jobs[job];
    request.id = workshop_.next_id++;
    request.token = base::Secret("local-" + base::random_alphanumeric(kTokenLength));
    request.started_at = base::rfc3339_utc(base::unix_micros_now() / 1'000'000);
    request.files = &workshop_.place.files();
    request.blob_id = [this](const std::string& path) { return workshop_.place.blob_id(path); };
    if (auto added = add_downloads(job, request); !added) return added.error();
    ids_[job] = request.id;
    return make_payload(request);
}

void LocalPipeline::warn(std::size_t job, const std::string& sentence) {
    const bool colours = workshop_.display.options().colours;
    workshop_.display.line(first_row_ + job, colours ? "\x1b[33mWARNING: " + sentence + "\x1b[0m"
                                                     : "WARNING: " + sentence);
}

std::unique_ptr<job::JobChannel> LocalPipeline::channel_for(
    std::size_t job, const protocol::gitlab::JobPayload& payload) {
    TerminalChannelOptions options;
    options.job_id = payload.id;
    options.artifacts = &workshop_.artifacts;
    options.masks = workshop_.engine.masks(payload);
    options.colours = workshop_.display.options().colours;
    options.on_line = [this, job](std::string_view line) {
        workshop_.display.line(first_row_ + job, line);
    };
    if (workshop_.shell_on_failure) {
        options.before_cleanup = [this, job](const journal::Outcome& outcome) {
            return offer_shell(job, outcome);
        };
    }
    return make_terminal_channel(executor_, std::move(options));
}

base::Task<void> LocalPipeline::offer_shell(std::size_t job, const journal::Outcome& outcome) {
    const auto run = running_.find(job);
    if (outcome.success() || stopped_ || run == running_.end()) co_return;
    workshop_.display.hide();
    workshop_.display.say(pipeline_.jobs[job].job->name +
                          " failed; this is a shell in its place. `exit` goes on.");
    auto opening = open_shell(*run->second);
    auto opened = co_await std::move(opening);
    workshop_.display.show();
    if (!opened) warn(job, opened.error().message);
}

base::Task<JobEnd> LocalPipeline::run_script(std::size_t job) {
    for (const std::string& sentence : server_only(pipeline_.jobs[job])) warn(job, sentence);
    auto payload = payload_of(job);
    if (!payload) {
        warn(job, payload.error().message);
        co_return JobEnd{Status::kFailed, "runner_system_failure", std::nullopt,
                         payload.error().message};
    }
    auto channel = channel_for(job, *payload);
    auto made =
        workshop_.engine.make(std::move(*payload), std::move(channel), workshop_.place.sources());
    if (!made) {
        warn(job, made.error().message);
        co_return JobEnd{Status::kFailed, "runner_system_failure", std::nullopt,
                         made.error().message};
    }
    job::JobRun& run = **made;
    running_.emplace(job, &run);
    workshop_.display.detail(first_row_ + job, [&run] { return run.status().stage; });
    if (stopped_) run.stop(base::StopReason::kUserCancel);
    co_await run.run();
    workshop_.display.detail(first_row_ + job, {});
    running_.erase(job);
    workshop_.engine.give_back(run);
    co_return end_of(run.outcome());
}

}  // namespace runner::local
