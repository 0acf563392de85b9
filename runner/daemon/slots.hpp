#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace runner::daemon {

/// The numbers that tell concurrent jobs of one runner token apart (runner-protocol.md §2.7.4).
struct Slot {
    int concurrent_id = 0;          ///< CI_CONCURRENT_ID: lowest free among the token's jobs
    int concurrent_project_id = 0;  ///< CI_CONCURRENT_PROJECT_ID: among those of the same project
};

class SlotTable {
  public:
    Slot acquire(const std::string& token, std::int64_t project);
    /// For a job that was found in the journal: takes exactly this slot.
    void occupy(const std::string& token, std::int64_t project, Slot slot);
    void release(const std::string& token, std::int64_t project, Slot slot);
    [[nodiscard]] int in_use(const std::string& token) const;

  private:
    std::map<std::string, std::set<int>> by_token_;
    std::map<std::pair<std::string, std::int64_t>, std::set<int>> by_project_;
};

}  // namespace runner::daemon
