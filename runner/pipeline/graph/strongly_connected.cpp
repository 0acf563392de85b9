#include "runner/pipeline/graph/strongly_connected.hpp"

#include <algorithm>
#include <cstdint>

namespace runner::pipeline::graph {
namespace {

/// One run of the algorithm. `frames_` is the call stack of the recursive form.
class TarjanSearch {
  public:
    explicit TarjanSearch(const std::vector<std::vector<std::size_t>>& edges)
        : edges_(edges), order_(edges.size(), 0), low_(edges.size(), 0), open_(edges.size(), 0) {}

    std::vector<std::vector<std::size_t>> run() {
        for (std::size_t node = 0; node < edges_.size(); ++node) {
            if (order_[node] == 0) visit(node);
        }
        return std::move(found_);
    }

  private:
    struct Frame {
        std::size_t node;
        std::size_t next;
    };

    void enter(std::size_t node) {
        order_[node] = low_[node] = ++count_;
        stack_.push_back(node);
        open_[node] = 1;
        frames_.push_back({node, 0});
    }

    void visit(std::size_t root) {
        enter(root);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            if (frame.next < edges_[frame.node].size()) {
                const std::size_t target = edges_[frame.node][frame.next++];
                if (order_[target] == 0) {
                    enter(target);
                } else if (open_[target] != 0) {
                    low_[frame.node] = std::min(low_[frame.node], order_[target]);
                }
                continue;
            }
            const std::size_t node = frame.node;
            frames_.pop_back();
            if (!frames_.empty()) {
                low_[frames_.back().node] = std::min(low_[frames_.back().node], low_[node]);
            }
            if (low_[node] == order_[node]) close(node);
        }
    }

    void close(std::size_t node) {
        std::vector<std::size_t> component;
        std::size_t member = 0;
        do {
            member = stack_.back();
            stack_.pop_back();
            open_[member] = 0;
            component.push_back(member);
        } while (member != node);
        std::reverse(component.begin(), component.end());
        found_.push_back(std::move(component));
    }

    const std::vector<std::vector<std::size_t>>& edges_;
    std::vector<std::size_t> order_;
    std::vector<std::size_t> low_;
    std::vector<std::uint8_t> open_;
    std::vector<std::size_t> stack_;
    std::vector<Frame> frames_;
    std::vector<std::vector<std::size_t>> found_;
    std::size_t count_ = 0;
};

}  // namespace

std::vector<std::vector<std::size_t>> strongly_connected(
    const std::vector<std::vector<std::size_t>>& edges) {
    return TarjanSearch(edges).run();
}

}  // namespace runner::pipeline::graph
