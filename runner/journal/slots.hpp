#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace runner::journal {

/// The numbers that distinguish concurrent jobs of one runner (runner-protocol.md §2.7.4).
struct Slot {
    int concurrent_id = 0;          ///< CI_CONCURRENT_ID: lowest free among the runner's jobs
    int concurrent_project_id = 0;  ///< CI_CONCURRENT_PROJECT_ID: among those of the same project
};

/// Whose kept volumes a job uses: those of its project, for protected refs or for the others.
struct SlotOwner {
    std::int64_t project = 0;
    bool protected_ref = false;
};

/// The slots in use. `runner` is config::runner_identity(). Strand: the I/O thread. A plain value.
class SlotTable {
  public:
    /// Of the free numbers of the project the one that its jobs of the same protection used last,
    /// because volumes are warmest there; else the lowest.
    Slot acquire(const std::string& runner, SlotOwner owner);
    /// Takes exactly this slot: for a job that was found in the journal, or that has a reason.
    void occupy(const std::string& runner, SlotOwner owner, Slot slot);
    /// The number of the project that acquire() would give.
    [[nodiscard]] int warmest_free(const std::string& runner, SlotOwner owner) const;
    void release(const std::string& runner, std::int64_t project, Slot slot);
    /// The job is over for the server, but its environment with the name of the slot still exists.
    /// The next job gets the number, and with it the warm caches, and waits until release().
    void leave(const std::string& runner, std::int64_t project, Slot slot);
    [[nodiscard]] bool is_held(const std::string& runner, std::int64_t project, Slot slot) const;
    [[nodiscard]] int in_use(const std::string& runner) const;

  private:
    /// A number that a job has used.
    struct Use {
        std::string runner;
        std::int64_t project = 0;
        bool protected_ref = false;
        int number = 0;
    };
    void remember(const std::string& runner, SlotOwner owner, int number);

    using Runners = std::map<std::string, std::set<int>>;
    using Projects = std::map<std::pair<std::string, std::int64_t>, std::set<int>>;

    Runners by_runner_;
    Projects by_project_;
    Runners leaving_by_runner_;
    Projects leaving_by_project_;
    std::deque<Use> used_;  ///< the latest first; bounded
};

}  // namespace runner::journal
