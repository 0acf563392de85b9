#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/journal/outcome.hpp"
#include "runner/journal/progress.hpp"
#include "runner/journal/slots.hpp"

/// The part of a running job that survives the daemon: a directory (0700) below the state
/// directory.
///
///     payload.json     the payload as the server sent it (0600: it has the job's token)
///     job.json         which runner took the job, when, with which slot numbers
///     checkpoint.json  the progress; replaced by rename, so it is never half written
///     spool            the job log as the server has it or will get it
///
/// Rule: a step is written here before it is carried out. The part of the spool after the
/// checkpoint was never sent; it is cut off when the job is resumed.
namespace runner::journal {

/// The values that do not change while the job runs.
struct JobRecord {
    std::string url;          ///< of the runner entry
    std::string short_token;  ///< distinguishes entries with the same URL
    std::int64_t runner_id = 0;
    Slot slot;
    std::int64_t received_unix_micros = 0;
    std::string ca_chain{};        ///< PEM of the server's authority, "" without TLS
    std::string correlation_id{};  ///< of the request that brought the job
};

enum class Phase {
    kPreparing,  ///< the environment is being prepared; a restart begins again
    kRunning,    ///< a supervisor exists; a restart connects to it again
    kReporting,  ///< the outcome is decided; the server has not confirmed it yet
    kCleaning,   ///< the server has the outcome; the environment is being removed
};

struct Checkpoint {
    Phase phase = Phase::kPreparing;
    std::size_t plan_index = 0;  ///< the stage that is running or comes next
    int attempt = 0;
    /// How often a daemon took the job up since the job last went on. Counted before the takeover.
    int takeovers = 0;
    int renewals = 0;  ///< how often the stage has lost its environment and got a new one
    /// In a stage with several archives: the one that is under way or comes next.
    std::size_t part = 0;
    bool stage_begun = false;  ///< its heading is in the log and it may have been started
    /// The job's time limit counts from here; 0: it does not count yet.
    std::int64_t clock_started_unix_micros = 0;
    std::int64_t script_deadline_unix_micros = 0;  ///< RUNNER_SCRIPT_TIMEOUT; 0: none
    std::uint64_t events_offset = 0;
    std::uint64_t spool_bytes = 0;
    /// By the variables' names: how the values of secrets, which are not stored, are recognised
    /// (runner::secrets::make_digest()).
    std::map<std::string, std::string> secret_digests{};
    std::string trace_state;     ///< of runner::trace, JSON text
    std::string executor_state;  ///< Executor::saved_state()
    Progress progress;
    Outcome outcome;
};

/// How often a job is taken up that does not go on: the daemon has died of it so often.
inline constexpr int kMaxTakeovers = 5;

/// Writes the directory of one job. Life: create() or find_jobs(), save() any number of times,
/// remove(). Strand: the I/O thread. Failures: kIo and the others of base/files.hpp, with the path.
class Journal {
  public:
    /// Makes the directory with payload and record. kConflict when the job is in the journal
    /// already.
    static base::Result<Journal> create(const std::filesystem::path& state_dir,
                                        const std::string& server_url, std::int64_t job_id,
                                        const JobRecord& record, const std::string& payload);

    base::Result<void> save(const Checkpoint& checkpoint);
    /// Removes the directory, once the job is over.
    base::Result<void> remove();
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] std::filesystem::path spool_path() const { return directory_ / "spool"; }
    [[nodiscard]] std::filesystem::path payload_path() const { return directory_ / "payload.json"; }

  private:
    friend struct FoundJob;
    friend std::vector<struct FoundJob> find_jobs(const std::filesystem::path&);
    explicit Journal(std::filesystem::path directory) : directory_(std::move(directory)) {}

    std::filesystem::path directory_;
};

/// A job that an earlier daemon did not finish.
struct FoundJob {
    Journal journal;
    JobRecord record;
    std::string payload;
    Checkpoint checkpoint;
};

/// All jobs of the journal, oldest first. A directory that cannot be read is logged and renamed to
/// "*.broken", so that somebody can look at it.
std::vector<FoundJob> find_jobs(const std::filesystem::path& state_dir);

}  // namespace runner::journal
