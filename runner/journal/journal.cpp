#include "runner/journal/journal.hpp"

#include <algorithm>
#include <functional>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace runner::journal {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateDirectory = 0700;

/// A hash (FNV-1a) for the name of the directory: it must be the same in every build.
std::string url_mark(const std::string& url) {
    std::uint32_t hash = 2166136261U;
    for (const char c : url) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    char text[9];
    std::snprintf(text, sizeof text, "%08x", hash);
    return text;
}

json to_json(const Progress& progress) {
    return {{"prepare_script_failed", progress.prepare_script_failed},
            {"sources_failed", progress.sources_failed},
            {"steps_reached", progress.steps_reached},
            {"step_failed", progress.step_failed},
            {"job_timed_out", progress.job_timed_out},
            {"stop", static_cast<int>(progress.stop)}};
}

Progress progress_from(const json& value) {
    return {.prepare_script_failed = value.at("prepare_script_failed").get<bool>(),
            .sources_failed = value.at("sources_failed").get<bool>(),
            .steps_reached = value.at("steps_reached").get<bool>(),
            .step_failed = value.at("step_failed").get<bool>(),
            .job_timed_out = value.at("job_timed_out").get<bool>(),
            .stop = static_cast<base::StopReason>(value.at("stop").get<int>())};
}

json to_json(const Outcome& outcome) {
    if (outcome.success()) return nullptr;
    return {{"reason", to_string(outcome.failure->reason)},
            {"exit_code", outcome.failure->exit_code},
            {"message", outcome.failure->message}};
}

Outcome outcome_from(const json& value) {
    if (value.is_null()) return {};
    Failure failure;
    failure.reason = parse_failure_reason(value.at("reason").get<std::string>());
    failure.exit_code = value.at("exit_code").get<int>();
    failure.message = value.at("message").get<std::string>();
    return {failure};
}

json to_json(const Checkpoint& checkpoint) {
    return {{"phase", static_cast<int>(checkpoint.phase)},
            {"plan_index", checkpoint.plan_index},
            {"attempt", checkpoint.attempt},
            {"takeovers", checkpoint.takeovers},
            {"renewals", checkpoint.renewals},
            {"part", checkpoint.part},
            {"stage_begun", checkpoint.stage_begun},
            {"clock_started", checkpoint.clock_started_unix_micros},
            {"script_deadline", checkpoint.script_deadline_unix_micros},
            {"secret_digests", checkpoint.secret_digests},
            {"events_offset", checkpoint.events_offset},
            {"spool_bytes", checkpoint.spool_bytes},
            {"trace", checkpoint.trace_state},
            {"executor", checkpoint.executor_state},
            {"progress", to_json(checkpoint.progress)},
            {"outcome", to_json(checkpoint.outcome)}};
}

Checkpoint checkpoint_from(const json& value) {
    Checkpoint checkpoint;
    checkpoint.phase = static_cast<Phase>(value.at("phase").get<int>());
    checkpoint.plan_index = value.at("plan_index").get<std::size_t>();
    checkpoint.attempt = value.at("attempt").get<int>();
    checkpoint.takeovers = value.value("takeovers", 0);
    checkpoint.renewals = value.value("renewals", 0);
    checkpoint.part = value.value("part", std::size_t{0});
    checkpoint.stage_begun = value.at("stage_begun").get<bool>();
    checkpoint.clock_started_unix_micros = value.at("clock_started").get<std::int64_t>();
    checkpoint.script_deadline_unix_micros = value.at("script_deadline").get<std::int64_t>();
    checkpoint.secret_digests = value.value("secret_digests", std::map<std::string, std::string>());
    checkpoint.events_offset = value.at("events_offset").get<std::uint64_t>();
    checkpoint.spool_bytes = value.at("spool_bytes").get<std::uint64_t>();
    checkpoint.trace_state = value.at("trace").get<std::string>();
    checkpoint.executor_state = value.at("executor").get<std::string>();
    checkpoint.progress = progress_from(value.at("progress"));
    checkpoint.outcome = outcome_from(value.at("outcome"));
    return checkpoint;
}

json to_json(const JobRecord& record) {
    return {{"url", record.url},
            {"short_token", record.short_token},
            {"runner_id", record.runner_id},
            {"concurrent_id", record.slot.concurrent_id},
            {"concurrent_project_id", record.slot.concurrent_project_id},
            {"received", record.received_unix_micros},
            {"ca_chain", record.ca_chain},
            {"correlation_id", record.correlation_id}};
}

JobRecord record_from(const json& value) {
    return {.url = value.at("url").get<std::string>(),
            .short_token = value.at("short_token").get<std::string>(),
            .runner_id = value.at("runner_id").get<std::int64_t>(),
            .slot = {.concurrent_id = value.at("concurrent_id").get<int>(),
                     .concurrent_project_id = value.at("concurrent_project_id").get<int>()},
            .received_unix_micros = value.at("received").get<std::int64_t>(),
            .ca_chain = value.value("ca_chain", ""),
            .correlation_id = value.value("correlation_id", "")};
}

void set_aside(const fs::path& directory, const std::string& why) {
    std::error_code failed;
    fs::rename(directory, directory.string() + ".broken", failed);
    base::log::error("A job in the journal cannot be taken up again; its files are kept",
                     {{"directory", directory.string() + ".broken"}, {"error", why}});
}

}  // namespace

base::Result<Journal> Journal::create(const fs::path& state_dir, const std::string& server_url,
                                      std::int64_t job_id, const JobRecord& record,
                                      const std::string& payload) {
    const fs::path jobs = state_dir / "jobs";
    if (auto made = base::make_directories(jobs, kPrivateDirectory); !made) return made.error();
    Journal journal(jobs / (std::to_string(job_id) + "-" + url_mark(server_url)));
    if (fs::exists(journal.directory_)) {
        return base::make_error(base::ErrorKind::kConflict,
                                "job " + std::to_string(job_id) + " is in the journal already");
    }
    if (auto made = base::make_directories(journal.directory_, kPrivateDirectory); !made) {
        return made.error();
    }
    auto written =
        base::write_file_atomic(journal.directory_ / "payload.json", payload, kPrivateFile);
    if (written) {
        written = base::write_file_atomic(journal.directory_ / "job.json", to_json(record).dump(),
                                          kPrivateFile);
    }
    if (written) written = journal.save(Checkpoint{});
    if (!written) return written.error();
    return journal;
}

base::Result<void> Journal::save(const Checkpoint& checkpoint) {
    const std::string text = base::dump_json(to_json(checkpoint));
    return base::write_file_atomic(directory_ / "checkpoint.json", text, kPrivateFile);
}

base::Result<void> Journal::remove() {
    std::error_code failed;
    fs::remove_all(directory_, failed);
    if (failed) return base::make_error(failed, "remove " + directory_.string());
    return {};
}

std::vector<FoundJob> find_jobs(const fs::path& state_dir) {
    std::vector<FoundJob> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(state_dir / "jobs", none)) {
        const fs::path& directory = entry.path();
        if (!entry.is_directory() || directory.extension() == ".broken") continue;
        auto payload = base::read_file(directory / "payload.json");
        auto record = base::read_file(directory / "job.json");
        auto checkpoint = base::read_file(directory / "checkpoint.json");
        if (!payload || !record || !checkpoint) {
            set_aside(directory, "payload.json, job.json or checkpoint.json cannot be read");
            continue;
        }
        try {
            found.push_back({Journal(directory), record_from(json::parse(*record)),
                             std::move(*payload), checkpoint_from(json::parse(*checkpoint))});
        } catch (const json::exception& error) {
            set_aside(directory, error.what());
        }
    }
    std::sort(found.begin(), found.end(), [](const FoundJob& a, const FoundJob& b) {
        return a.record.received_unix_micros < b.record.received_unix_micros;
    });
    return found;
}

}  // namespace runner::journal
