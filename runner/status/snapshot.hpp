#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// The state of the daemon at one moment, as plain values: the input of all pages of the status
/// endpoint.
namespace runner::status {

/// What came of the last request for a job.
enum class LastAnswer {
    kNone,      ///< none was made, or it is under way
    kJob,       ///< a job
    kNoJob,     ///< nothing to do
    kRefused,   ///< the server does not accept the token
    kUnusable,  ///< this entry's configuration allows no request
    kNoServer,  ///< no answer
    kError,     ///< an answer that is none of these
};

struct RunnerState {
    std::string name;
    std::string short_token;
    std::string url;
    std::string executor;
    int limit = 0;
    int request_concurrency = 1;
    int requests_in_flight = 0;
    double adaptive_limit = 1;
    int used_limit = 1;
    bool healthy = true;
    bool paused = false;                        ///< `runner pause`, of this runner or of all
    std::string disk_problem;                   ///< why its disks allow no job; "" when they do
    std::int64_t last_contact_unix_micros = 0;  ///< 0: never
    std::string last_answer;                    ///< "204 No Content", "no answer: …"
    LastAnswer last_kind = LastAnswer::kNone;
    std::int64_t failing_since_unix_micros = 0;  ///< 0: the last request was answered well
    std::int64_t resting_until_unix_micros = 0;  ///< of the pause after refusals; 0: none
    bool known_executor = true;                  ///< this program has the entry's executor
};

/// What people and metrics see of a job. The job itself writes it, on the I/O thread.
struct JobState {
    std::int64_t id = 0;
    std::int64_t project_id = 0;
    std::string project;
    std::string name;
    std::string url;
    std::string runner_name;
    std::string short_token;
    std::string executor;
    std::string image;
    std::string state = "pending";  ///< pending, running, success, failed, canceled, timedout
    std::string stage = "prepare_executor";
    std::string executor_stage = "created";
    std::int64_t started_unix_micros = 0;
    std::int64_t stage_started_unix_micros = 0;
    bool terminal = false;                ///< a web terminal is connected
    bool restored = false;                ///< taken up again after the daemon's restart
    std::uint64_t log_backlog_bytes = 0;  ///< of the log, that the server does not have yet
    std::string waits_for;  ///< "the image alpine:3"; "" when its script or its stage works

    void enter(std::string new_stage, std::string new_executor_stage,
               std::int64_t now_unix_micros) {
        stage = std::move(new_stage);
        executor_stage = std::move(new_executor_stage);
        stage_started_unix_micros = now_unix_micros;
    }
};

/// A job that has ended, as the history keeps it.
struct RecentJob {
    JobState job;                ///< as it was at its end
    std::string failure_reason;  ///< GitLab's word; "" for success
    std::string message;         ///< the last line of the log for people; "" for success
    std::int64_t finished_unix_micros = 0;
};

/// A file system that the daemon, its jobs or an engine write to. All values are 0 when it cannot
/// be asked.
struct DiskState {
    std::string directory;  ///< what it is used for: "state", "builds", "cache", "engine"
    std::string path;       ///< on the machine of the engine for "engine"; "" while it is not known
    std::uint64_t size_bytes = 0;
    std::uint64_t free_bytes = 0;  ///< for users without privileges
    std::uint64_t inodes = 0;      ///< 0: the file system has no fixed number
    std::uint64_t free_inodes = 0;
    std::string place{};    ///< for people: "engine unix:///var/run/docker.sock"
    std::string problem{};  ///< why it could not be asked
};

/// A Docker engine that jobs have used since the start of the daemon.
struct EngineState {
    std::string host;     ///< without credentials
    std::string version;  ///< "" when it has not answered
};

/// An environment that waits for a job ([runners.docker] warm).
struct WarmEnvironmentState {
    std::string short_token;
    std::string image;
    std::int64_t project_id = 0;
    std::string container;
    bool engine = false;  ///< a Docker engine runs in it
    std::int64_t age_seconds = 0;
    std::int64_t memory_bytes = 0;  ///< 0: not known
};

/// How jobs of a runner began since the start of the daemon, where it makes environments ahead.
struct WarmCounts {
    std::uint64_t hits = 0;
    std::map<std::string, std::uint64_t> misses;  ///< by reason (docs/metrics.md)
    std::uint64_t made = 0;
    std::uint64_t removed = 0;  ///< unused
};

struct WarmFigures {
    std::vector<WarmEnvironmentState> environments;
    std::map<std::string, WarmCounts> counts;  ///< by short token
};

/// What keeps the configuration on disk from being used; the former one stays in use.
struct ConfigProblem {
    std::string text;  ///< one line with the place; "" for none
    std::int64_t since_unix_micros = 0;
};

struct Snapshot {
    std::int64_t now_unix_micros = 0;
    std::int64_t started_unix_micros = 0;
    std::string process_state;  ///< running, graceful-shutdown, forceful-shutdown
    std::string system_id;
    int concurrent = 1;
    ConfigProblem config_problem;
    bool paused = false;  ///< `runner pause` of all runners, or `runner drain`
    bool draining =
        false;  ///< `runner drain`; stays true after the last job, until `runner resume`
    std::vector<RunnerState> runners;
    std::vector<JobState> jobs;
    std::vector<DiskState> disks;
    std::vector<EngineState> engines;
    WarmFigures warm;
};

}  // namespace runner::status
