#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "runner/collector/collect.hpp"
#include "runner/collector/plan.hpp"
#include "runner/collector/store.hpp"
#include "runner/config/config.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::daemon {

/// Keeps disks from running full: that of the state directory, of the builds directories of
/// runners whose jobs share the machine, and of the engines' data. It measures them, removes what
/// later jobs do not need when one is short, and says which runners must take no jobs.
///
/// Life: configure(), look_here(), run() in the daemon's group until it is cancelled, then stop()
/// awaited to its end. Strand: the I/O thread. A removal and everything that asks an engine run
/// beside jobs; a job waits for none of it. One run of the collector at a time.
class DiskKeeper {
  public:
    using Stores = std::map<std::string, std::shared_ptr<collector::Store>>;
    /// Functions of the owner. None may be empty.
    struct Host {
        /// The engines of the configuration (collector::engine_stores()).
        std::function<Stores(const config::Config&)> engines;
        /// The project directories of jobs that run on this machine.
        std::function<std::vector<std::filesystem::path>()> used_directories;
        std::function<void()> on_pause;   ///< some runner takes no jobs from now on
        std::function<void()> on_resume;  ///< one takes jobs again
        collector::OnRemoved on_removed;
        std::function<void()> on_collected;  ///< a run has ended
    };

    DiskKeeper(const boost::asio::any_io_executor& executor, Host host)
        : host_(std::move(host)), collections_(executor) {}

    /// Figures of places that were known before are kept, and judged by the new marks.
    void configure(const config::Config& config, const std::filesystem::path& state_dir);
    /// Measures what needs no engine, before the first job is asked for. Takes a second at most: a
    /// file system may not answer.
    base::Task<void> look_here();
    base::Task<void> run();
    base::Task<void> stop();

    /// One round: measures what is due, one place beside the other, and begins a collection where
    /// it is needed. For run().
    base::Task<void> look();
    /// Returns when no collection runs.
    base::Task<void> wait_for_collection();

    [[nodiscard]] std::vector<status::DiskState> states() const;
    /// Why the runner takes no jobs, for people; "" when its disks have room.
    [[nodiscard]] std::string problem_of(const config::RunnerConfig& runner) const;
    /// Runs the collector in all places, by hand. kConflict when it runs already.
    base::Task<base::Result<std::vector<collector::PlaceReport>>> collect_now(collector::Wish wish);

  private:
    using Clock = std::chrono::steady_clock;

    struct Place {
        std::string title;
        std::shared_ptr<collector::Store> store;  ///< null: there is nothing to collect
        status::DiskState disk;                   ///< not measured: its size is 0
        Clock::time_point measure_at;
        Clock::time_point collect_at;
        bool pauses = false;
        bool told_in_vain = false;  ///< that nothing is left to remove
    };
    using Places = std::map<std::string, Place>;

    void add_place(const Places& known, const std::string& key, Place place);
    base::Task<base::Result<void>> look_at(std::string key);
    base::Task<base::Result<void>> measure(std::string key, std::chrono::seconds limit);
    void judge(Place& place);
    void collect_if_needed(const std::string& key);
    base::Task<void> collect_in(std::string key);

    Host host_;
    collector::Marks marks_;
    Places places_;
    bool collecting_ = false;
    base::TaskGroup collections_;
};

}  // namespace runner::daemon
