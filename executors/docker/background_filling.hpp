#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "executors/docker/busy_flag.hpp"
#include "executors/docker/engine_api.hpp"

namespace executors::docker {

/// A volume that a container of the runner's own fills, beside the jobs.
class VolumeFilling {
  public:
    virtual ~VolumeFilling() = default;
    [[nodiscard]] virtual std::string volume() const = 0;
    /// Makes what the container needs.
    virtual base::Task<base::Result<void>> make_ready() = 0;
    /// Answers the container's id. kConflict: another daemon has one of this name and fills the
    /// volume.
    virtual base::Task<base::Result<std::string>> make_container() = 0;
    virtual base::Task<base::Result<void>> fill(std::string container) = 0;
    /// Tells the daemon's log.
    virtual void tell_failure(const base::Error& error) const = 0;
};

/// When a volume is filled the next time: ten minutes after a filling, twice as long after each
/// failure in a row, a day at most. Pure.
class FillingPauses {
  public:
    using Time = std::chrono::steady_clock::time_point;
    [[nodiscard]] bool may_begin(const std::string& volume, Time now) const;
    void note_begin(const std::string& volume, Time now);
    void note_end(const std::string& volume, bool failed, Time now);

  private:
    struct Tried {
        Time next;
        int failures = 0;
    };
    std::map<std::string, Tried> tried_;
};

/// Fills volumes of one engine, one at a time, and removes the container of each filling however it
/// ends.
///
/// Life: that of the engine's connection; `api` outlives it, and `background` is waited for before
/// it ends. Strand: the I/O thread.
class BackgroundFilling {
  public:
    /// `background` runs the fillings; null: nothing is filled.
    BackgroundFilling(EngineApi& api, base::TaskGroup* background, std::chrono::seconds limit)
        : api_(api), background_(background), limit_(limit) {}

    /// Does nothing while another volume is filled, during a volume's pause, and after stop().
    void begin(std::unique_ptr<VolumeFilling> filling);
    /// Ends a filling; its container is removed while the background's tasks end.
    void stop() { stop_.request(base::StopReason::kShutdown); }
    /// The volume that is being filled, "" for none.
    [[nodiscard]] const std::string& volume() const { return volume_; }
    /// `pressure`: why no more of the disk may be used now, "" for no reason.
    void set_pressure(std::function<std::string()> pressure) { pressure_ = std::move(pressure); }

  private:
    using Busy = std::unique_ptr<BusyFlag>;
    base::Task<void> run(std::unique_ptr<VolumeFilling> filling, Busy busy);
    base::Task<base::Result<void>> fill(VolumeFilling& filling);
    base::Task<base::Result<void>> make_and_fill(VolumeFilling& filling, std::string& container);
    base::Task<void> sweep();

    EngineApi& api_;
    base::TaskGroup* background_;
    std::chrono::seconds limit_;
    std::function<std::string()> pressure_ = [] { return std::string(); };
    base::StopSource stop_;
    FillingPauses pauses_;
    bool busy_ = false;
    std::string volume_;
};

}  // namespace executors::docker
