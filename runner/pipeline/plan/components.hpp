#pragma once

#include <cstddef>
#include <vector>

namespace runner::pipeline::plan {

/// The strongly connected sets of a graph given as "node → nodes it points to"; a set comes after
/// every set it points to. A set of more than one node is a circle. Iterative: depth of the graph
/// does not matter.
std::vector<std::vector<std::size_t>> strong_components(
    const std::vector<std::vector<std::size_t>>& edges);

}  // namespace runner::pipeline::plan
