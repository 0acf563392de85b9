#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "executors/helper/connection.hpp"
#include "executors/helper/process_tree.hpp"
#include "executors/helper/stage.hpp"

namespace executors::helper {

struct SuperviseOptions {
    std::string directory;
    std::string cgroup;   ///< name of a control group to try to make, "" for none
    bool detach = false;  ///< go to the background; return once the socket listens
};

/// Runs a job's stages and keeps its event log (protocol.hpp): one per job directory, from before
/// the first stage until `shutdown` or TERM. It survives its clients, and is PID 1 where it has to
/// be.
///
/// Everything is one thread and one loop; what may block is a Worker.
class Supervisor {
  public:
    /// `listener` and `lock` are held until the end.
    Supervisor(const SuperviseOptions& options, int directory, Fd listener, Fd lock);
    int run();

  private:
    void on_old_record(const RecordHeader& header, const std::string& text);
    void report_lost_stages();
    void on_accept();
    void on_signal();
    void reap();
    void after_round();
    void watch_disk();

    std::shared_ptr<Worker> handle(const Command& command);
    void run_stage(const RunStage& run);
    void stop_stage(const StopStage& stop);
    std::shared_ptr<Worker> start_worker(const std::string& id, bool has_input,
                                         const std::function<std::string(int)>& work);

    void begin_shutdown(std::int64_t grace_ms);
    void kill_everything();
    void finish_shutdown();

    Reactor reactor_;
    Fd listener_;
    Fd lock_;
    Fd signals_;
    std::map<std::uint16_t, std::string>
        exits_;  ///< stages that have ended, with their exit record
    std::set<std::uint16_t> started_;
    std::set<std::string> known_ids_;
    std::uint64_t old_output_bytes_ = 0;
    EventLog log_;
    OutputBudget budget_;
    JobCgroup cgroup_;
    std::list<std::unique_ptr<Stage>> stages_;
    std::list<std::shared_ptr<Worker>> workers_;
    std::list<std::unique_ptr<Connection>> connections_;
    bool paused_ = false;
    bool shutting_down_ = false;
    bool finished_ = false;
};

/// `runner-helper supervise`. Answers the exit code; throws Failure when it cannot start.
int supervise(const SuperviseOptions& options);

}  // namespace executors::helper
