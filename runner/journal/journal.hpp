#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/journal/outcome.hpp"
#include "runner/journal/progress.hpp"
#include "runner/journal/slots.hpp"

/// What survives the daemon: one directory (0700) per running job below the state directory.
///
///     payload.json     what the server sent, to the byte (0600: it holds the job's token)
///     job.json         which runner took it, when, with which slot numbers
///     checkpoint.json  how far it has come; replaced by rename, so it is old or new, never half
///     spool            the job log as the server has it or will have it
///
/// Rule: a thing is written here before it is acted on. What lies behind the checkpoint in the
/// spool was never sent and is cut off when the job is taken up again.
namespace runner::journal {

/// Facts that do not change while the job runs.
struct JobRecord {
    std::string url;          ///< of the runner entry
    std::string short_token;  ///< tells entries with the same URL apart
    std::int64_t runner_id = 0;
    Slot slot;
    std::int64_t received_unix_micros = 0;
    std::string ca_chain{};        ///< PEM of the server's authority, "" without TLS
    std::string correlation_id{};  ///< of the request that brought the job
};

enum class Phase {
    kPreparing,  ///< the environment is being made; a restart makes it anew
    kRunning,    ///< a supervisor exists and can be reached again
    kReporting,  ///< the outcome is decided; the server has not confirmed it yet
    kCleaning,   ///< the server knows; what we made is being removed
};

struct Checkpoint {
    Phase phase = Phase::kPreparing;
    std::size_t plan_index = 0;  ///< the stage that is running or comes next
    int attempt = 0;
    std::size_t part =
        0;  ///< of a stage with several archives: the one that is under way or comes next
    bool stage_begun = false;  ///< its heading is in the log and it may have been started
    std::int64_t clock_started_unix_micros =
        0;  ///< the job's time limit counts from here; 0: not yet
    std::int64_t script_deadline_unix_micros = 0;  ///< RUNNER_SCRIPT_TIMEOUT; 0: none
    std::uint64_t events_offset = 0;
    std::uint64_t spool_bytes = 0;
    std::string trace_state;     ///< of runner::trace, JSON text
    std::string executor_state;  ///< Executor::saved_state()
    Progress progress;
    Outcome outcome;
};

class Journal {
  public:
    /// A new directory with payload and record. kConflict when the job is there already.
    static base::Result<Journal> create(const std::filesystem::path& state_dir,
                                        const std::string& server_url, std::int64_t job_id,
                                        const JobRecord& record, const std::string& payload);

    base::Result<void> save(const Checkpoint& checkpoint);
    /// The job is over: nothing of it stays.
    base::Result<void> remove();
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] std::filesystem::path spool_path() const { return directory_ / "spool"; }

  private:
    friend struct FoundJob;
    friend std::vector<struct FoundJob> find_jobs(const std::filesystem::path&);
    explicit Journal(std::filesystem::path directory) : directory_(std::move(directory)) {}

    std::filesystem::path directory_;
};

/// A job that a former daemon left behind.
struct FoundJob {
    Journal journal;
    JobRecord record;
    std::string payload;
    Checkpoint checkpoint;
};

/// All of them, oldest first. A directory that cannot be understood is logged, renamed to
/// "*.broken" and left for a person.
std::vector<FoundJob> find_jobs(const std::filesystem::path& state_dir);

}  // namespace runner::journal
