#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "runner/pipeline/state/status.hpp"

namespace runner::pipeline::state {

/// The resource groups of a pipeline: at most one job of a group runs at a time. Jobs are numbered
/// by their position in the order of the pipeline; the first job that waits gets the group next.
class ResourceGroups {
  public:
    /// Whether a job occupies the group. No job occupies the group "".
    [[nodiscard]] bool is_occupied(const std::string& group) const;

    /// To be called for every change of the status of a job that has a group. Returns the position
    /// of the waiting job that may now get the group.
    std::optional<std::size_t> change(const std::string& group, std::size_t position, Status before,
                                      Status after);

  private:
    struct Group {
        std::size_t occupied = 0;       ///< the number of jobs that occupy the group
        std::set<std::size_t> waiting;  ///< positions
    };

    std::unordered_map<std::string, Group> groups_;
};

}  // namespace runner::pipeline::state
