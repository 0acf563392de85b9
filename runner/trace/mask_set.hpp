#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runner/trace/prefilter.hpp"

/// The secrets that must not be shown in a job's log, compiled for searching.
namespace runner::trace {

struct MaskOptions {
    /// The values of masked variables, and other secrets. Surrounding whitespace is trimmed; empty
    /// values are dropped. A value is masked in all its forms (forms_of()), because of the memory
    /// not when it is longer than kMaxFormedBytes or when all values have more than
    /// kMaxFormedTotal; one of several lines as a whole, and its secret parts alone
    /// (secret_parts_of()).
    std::vector<std::string> phrases;
    /// Prefixes of tokens that the server names, besides those of GitLab. The prefix is shown; the
    /// run of [0-9A-Za-z_.=-] after it is masked. Their number is not limited.
    std::vector<std::string> token_prefixes;
    /// FF_MASK_ALL_DEFAULT_TOKENS; without it only "glpat-" is built in.
    bool all_default_tokens = true;
};

inline constexpr std::string_view kMask = "[MASKED]";
inline constexpr std::size_t kMaxFormedBytes = 8U << 10U;
inline constexpr std::size_t kMaxFormedTotal = 64U << 10U;

/// One Aho-Corasick automaton over all phrases and token prefixes. Immutable; the maskers of all
/// streams of a job share it. About 24 bytes of memory for each byte of the phrases.
class MaskSet {
  public:
    using State = std::uint32_t;
    static constexpr State kRoot = 0;

    explicit MaskSet(const MaskOptions& options);

    [[nodiscard]] State next(State state, unsigned char byte) const;
    /// The length of the longest phrase that ends here, 0 for none.
    [[nodiscard]] std::size_t phrase_length(State state) const {
        return nodes_[state].phrase_length;
    }
    /// Whether a token prefix ends here.
    [[nodiscard]] bool ends_prefix(State state) const { return nodes_[state].ends_prefix; }
    /// How many of the bytes before this point may still become part of a phrase.
    [[nodiscard]] std::size_t hold(State state) const { return nodes_[state].hold; }
    /// The bytes that lead from the root to `state`.
    [[nodiscard]] std::string path(State state) const;
    /// The first position from `from` on where a secret may begin.
    [[nodiscard]] std::size_t find_candidate(std::string_view bytes, std::size_t from) const {
        return prefilter_.find(bytes, from);
    }

  private:
    struct Node {
        State first_child = 0;  ///< the children of a node are adjacent
        State parent = 0;
        State fail = 0;
        std::uint32_t phrase_length = 0;
        std::uint32_t hold = 0;
        std::uint16_t child_count = 0;
        unsigned char byte = 0;
        bool ends_prefix = false;
    };

    /// What is searched for: a phrase, or the prefix of a token.
    struct Pattern {
        std::string_view text;
        bool is_phrase = false;
    };
    void build(std::vector<Pattern> patterns);
    void add_child(State parent, unsigned char byte);
    void link_failures();
    [[nodiscard]] State child(State state, unsigned char byte) const;

    std::vector<Node> nodes_;
    std::array<State, 256> root_children_{};
    Prefilter prefilter_;
};

}  // namespace runner::trace
