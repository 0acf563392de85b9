#pragma once

#include <cstddef>
#include <vector>

namespace runner::pipeline::graph {

/// The strongly connected components of a directed graph, by Tarjan's algorithm. `edges[n]` are the
/// nodes that node n points to. A component comes after every component that it points to. A
/// component of more than one node contains a cycle. The algorithm is not recursive, so the depth
/// of the graph is not limited by the stack.
std::vector<std::vector<std::size_t>> strongly_connected(
    const std::vector<std::vector<std::size_t>>& edges);

}  // namespace runner::pipeline::graph
