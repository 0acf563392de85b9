#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "executors/helper/connection.hpp"
#include "executors/helper/doorway.hpp"
#include "executors/helper/job_history.hpp"
#include "executors/helper/process_tree.hpp"
#include "executors/helper/stage.hpp"

namespace executors::helper {

/// Runs a job's stages and keeps its event log (protocol.hpp): one per job directory, from before
/// the first stage until the command `shutdown` or TERM. Clients come and go; the stages go on
/// without them. It is PID 1 where the container's entrypoint starts it.
///
/// Life: made in a process of its own, whose signals and children it takes over; run() once.
/// Everything is one thread and one loop; work that may block is done by a Worker.
class Supervisor {
  public:
    /// `doorway` outlives it; its directory holds the event log. `cgroup` is the name of a control
    /// group to try to make, "" for none. Throws Failure.
    Supervisor(Doorway& doorway, const std::string& cgroup);
    /// Returns the exit code when the job was shut down.
    int run();

  private:
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
    Doorway& doorway_;
    UniqueFd signals_;
    JobHistory history_;
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

}  // namespace executors::helper
