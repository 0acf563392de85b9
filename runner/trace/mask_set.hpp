#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runner/trace/prefilter.hpp"

/// What must not be seen in a job's log, compiled for searching.
namespace runner::trace {

struct MaskOptions {
    /// Values of masked variables. Surrounding whitespace is trimmed, empty ones are dropped. A
    /// value of several lines is masked as one sequence and, because tools print such values line
    /// by line, also by each of its lines of at least kMinLineBytes.
    std::vector<std::string> phrases;
    /// Prefixes of tokens that the server names, besides GitLab's own: the prefix is shown, the run
    /// of [0-9A-Za-z_.=-] behind it is not. There is no limit to their number.
    std::vector<std::string> token_prefixes;
    bool all_default_tokens =
        true;  ///< FF_MASK_ALL_DEFAULT_TOKENS; without it only "glpat-" is built in
};

inline constexpr std::size_t kMinLineBytes = 8;
inline constexpr std::string_view kMask = "[MASKED]";

/// One Aho-Corasick automaton over all phrases and token prefixes. Immutable; shared by the maskers
/// of a job's streams. About 24 bytes for each byte of the phrases.
class MaskSet {
  public:
    using State = std::uint32_t;
    static constexpr State kRoot = 0;

    explicit MaskSet(const MaskOptions& options);

    [[nodiscard]] State next(State state, unsigned char byte) const;
    /// Length of the longest phrase that ends here, 0 for none.
    [[nodiscard]] std::size_t phrase_length(State state) const {
        return nodes_[state].phrase_length;
    }
    /// Whether a token prefix ends here.
    [[nodiscard]] bool ends_prefix(State state) const { return nodes_[state].ends_prefix; }
    /// How many bytes before this point may still turn out to be part of a phrase.
    [[nodiscard]] std::size_t hold(State state) const { return nodes_[state].hold; }
    /// The bytes that lead from the root to `state`.
    [[nodiscard]] std::string path(State state) const;
    /// First place at or behind `from` where something to mask may begin.
    [[nodiscard]] std::size_t find_candidate(std::string_view bytes, std::size_t from) const {
        return prefilter_.find(bytes, from);
    }

  private:
    struct Node {
        State first_child = 0;  ///< children of a node are neighbours
        State parent = 0;
        State fail = 0;
        std::uint32_t phrase_length = 0;
        std::uint32_t hold = 0;
        std::uint16_t child_count = 0;
        unsigned char byte = 0;
        bool ends_prefix = false;
    };

    void build(const std::vector<std::string>& phrases, const std::vector<std::string>& prefixes);
    void link_failures();
    [[nodiscard]] State child(State state, unsigned char byte) const;

    std::vector<Node> nodes_;
    std::array<State, 256> root_children_{};
    Prefilter prefilter_;
};

}  // namespace runner::trace
