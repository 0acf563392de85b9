#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "executors/docker/warm_environment.hpp"
#include "executors/docker/warm_kinds.hpp"
#include "executors/docker/warm_look.hpp"

namespace executors::docker {

/// Why a job got no environment that was ready.
enum class WarmMiss {
    kEmpty,       ///< there is none for such jobs
    kMaking,      ///< it is not ready yet
    kDifferent,   ///< there are some of its image, which do not suit
    kImage,       ///< the image is another one by now
    kDead,        ///< it was no longer usable
    kUnsuitable,  ///< no environment can be made ahead for such a job
};
inline constexpr int kWarmMisses = 6;
std::string_view to_string(WarmMiss miss);

/// An answer of WarmPool::take().
struct WarmTaken {
    std::unique_ptr<WarmEnvironment> environment;  ///< has begun to work for the job; or null
    std::string lost;  ///< why one that was ready for such a job is of no use, else ""
};

/// What metrics count of one runner.
struct WarmCounts {
    std::uint64_t hits = 0;
    std::uint64_t misses[kWarmMisses] = {};  ///< by WarmMiss
    std::uint64_t made = 0;
    std::uint64_t removed = 0;  ///< without having been used
};

/// An environment that waits, for the status page.
struct WarmState {
    std::string runner;
    std::string image;
    std::int64_t project_id = 0;
    bool protected_ref = false;
    std::string name;      ///< of its container
    std::string local_id;  ///< label runner.local_id of the job that it was made after
    std::string slot;      ///< the same for project.runner_id
    bool engine = false;
    std::chrono::seconds age{};
    std::int64_t memory_bytes = 0;  ///< 0: not known
};

/// Environments of jobs that are ready before the jobs come (docs/architecture.md, "Environments
/// that are ready ahead").
///
/// An environment is made of what a former job of the same kind and slot has needed, is used by one
/// job at most, and is removed when it is no longer likely that a job comes, when the memory that
/// it uses by then is more than the runner may have, or when memory or disk are short. Each engine
/// makes one at a time, shortly after a job has begun and when one has ended; one that does not
/// answer holds up no other. A pool without jobs does nothing.
///
/// Life: that of the daemon; close() last. Strand: the I/O thread. A failure to make or remove one
/// is logged; jobs start without it.
class WarmPool {
  public:
    struct Surroundings {
        std::function<WarmTime()> now = [] { return std::chrono::steady_clock::now(); };
        /// Why no memory or disk may be used for this now; "" for no reason. It is asked again and
        /// again.
        std::function<std::string()> pressure = [] { return std::string(); };
    };
    WarmPool(const boost::asio::any_io_executor& executor, Surroundings surroundings);

    /// Environments may be made: what a former daemon has left, which they would be taken for, is
    /// gone. Until then, the pool only learns of jobs.
    void start();
    /// What the configuration says now. Environments of other settings, of runners that are paused
    /// and of those that are not named are removed.
    void configure(const std::vector<WarmRunner>& runners);
    /// Takes an environment for the job, or counts the miss.
    base::Task<WarmTaken> take(std::string runner, WarmNeed need);
    /// A job that could not ask for one.
    void note_unsuitable(const std::string& runner);
    /// A job's engine is going to use the volume: an environment that uses it gives way, and none
    /// is made with it until release_data(). Answers the ids and names of the containers that do:
    /// they end soon (remove_warm()), and the job's engine, which waits for that, can be made
    /// meanwhile.
    base::Task<std::vector<std::string>> claim_data(std::string volume);
    void release_data(const std::string& volume);
    /// A job's environment was prepared: the next such job gets one that is ready. Answers a number
    /// for ended().
    std::uint64_t began(const std::string& runner, WarmRecipe recipe);
    void ended(std::uint64_t job);
    /// The name leads to another image of that engine by now: the environments of the former one
    /// are removed, and others are made in their place.
    void image_replaced(const EngineConnection& engine, const std::string& image,
                        const std::string& id);
    /// Removes all environments, and makes no more.
    base::Task<void> close();

    [[nodiscard]] std::vector<WarmState> states() const;
    /// By the runner's name in labels.
    [[nodiscard]] const std::map<std::string, WarmCounts>& counts() const { return counts_; }

  private:
    struct Entry {
        WarmPlace place;
        std::shared_ptr<const WarmRecipe> recipe;
        std::unique_ptr<WarmEnvironment> environment;  ///< null while it is being made
        std::int64_t memory_bytes = 0;
        std::unique_ptr<base::StopSource> stop;  ///< of its making
    };
    using Entries = std::list<Entry>;
    /// Containers of environments that are being removed, by the volume with their data.
    using Leaving = std::multimap<std::string, std::string>;

    base::Task<void> serve();
    std::optional<WarmKinds::Recipes::value_type> next_to_make(WarmTime now);
    [[nodiscard]] std::optional<std::chrono::nanoseconds> pause_from(WarmTime now) const;
    [[nodiscard]] bool has_to_look() const { return !entries_.empty() || !pressure_.empty(); }
    void begin_to_make(WarmPlace place, std::shared_ptr<const WarmRecipe> recipe);
    base::Task<void> make(Entries::iterator entry);
    base::Task<void> renew(WarmKinds::Recipe outdated);
    base::Task<void> look_after();
    void note_looks(const std::list<WarmLook>& looks);
    void remove_later(const std::shared_ptr<const WarmRecipe>& recipe,
                      std::unique_ptr<WarmEnvironment> environment);
    base::Task<void> remove(std::shared_ptr<const WarmRecipe> recipe,
                            std::unique_ptr<WarmEnvironment> environment,
                            Leaving::iterator leaving);
    [[nodiscard]] bool suits(const Entry& entry, const std::string& runner,
                             const WarmNeed& need) const;
    base::Task<void> wait_for_engine(const std::string& runner, const WarmNeed& need);
    Entries::iterator drop(Entries::iterator entry);
    void drop_unwanted();
    void note_pressure();
    WarmMiss why_none(const std::string& runner, const WarmNeed& need) const;

    boost::asio::any_io_executor executor_;
    Surroundings surroundings_;
    WarmKinds kinds_;
    Entries entries_;
    std::map<std::string, WarmCounts> counts_;
    std::multiset<std::string> claimed_;  ///< volumes with data that jobs use
    Leaving leaving_;
    std::string pressure_;
    bool started_ = false;
    WarmTime look_after_at_{};  ///< 0: serve() has not begun
    base::StopSource closing_;
    base::Notifier changed_;
    base::TaskGroup group_;
};

}  // namespace executors::docker
