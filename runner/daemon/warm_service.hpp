#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/task.hpp"
#include "runner/config/config.hpp"
#include "runner/daemon/disk_keeper.hpp"
#include "runner/daemon/pauses.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/daemon/slot_choice.hpp"
#include "runner/executor_factory/executor_factory.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::daemon {

/// The daemon's part in the environments that are made ahead: when there may be any, of which
/// runners, and what the pages say of them.
///
/// Life: configure() at any time; open() once, before the first job; start_after() once; close()
/// before the process ends. `executors` and `disks` outlive it. Strand: the I/O thread.
class WarmService {
  public:
    WarmService(executor_factory::ExecutorFactory& executors, DiskKeeper& disks)
        : executors_(executors), disks_(disks) {}

    void configure(std::shared_ptr<const config::Config> config, const PauseSet& pauses);
    void open();
    /// `removing` removes what former daemons left, which environments would be taken for.
    base::Task<void> start_after(base::Task<void> removing);
    base::Task<void> close();
    [[nodiscard]] status::WarmFigures figures() const;
    /// Where environments wait for jobs of the project, and which numbers are better left alone.
    [[nodiscard]] SlotWishes slot_wishes(const RunnerEntry& entry, journal::SlotOwner owner) const;

  private:
    [[nodiscard]] std::string pressure();

    executor_factory::ExecutorFactory& executors_;
    DiskKeeper& disks_;
    std::shared_ptr<const config::Config> config_;
    PauseSet pauses_;
};

/// Why a machine with this much memory must not use more for environments that only wait: less than
/// a tenth is available. "" when there is enough. `meminfo` is the text of /proc/meminfo. Pure.
std::string memory_pressure(const std::string& meminfo);
/// The same for a file system of which less than a twentieth is free. Pure.
std::string disk_pressure(const std::vector<status::DiskState>& disks);

}  // namespace runner::daemon
