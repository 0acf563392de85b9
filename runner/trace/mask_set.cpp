#include "runner/trace/mask_set.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/strings.hpp"
#include "runner/trace/mask_forms.hpp"
#include "runner/trace/secret_parts.hpp"
#include "runner/trace/url_keys.hpp"

namespace runner::trace {

namespace {

constexpr std::array<std::string_view, 13> kMorePrefixes{
    "gloas-", "gldt-",    "glrt-",   "glcbt-",  "glrtr-",           "glptt-", "glft-",
    "glimt-", "glagent-", "glsoat-", "glffct-", "_gitlab_session=", "gltok-"};

/// The phrases to search for, each once.
std::set<std::string> prepare(const std::vector<std::string>& values) {
    std::set<std::string> phrases;
    std::size_t formed_bytes = 0;
    for (const auto& value : values) {
        const auto trimmed = base::trim(value);
        if (trimmed.empty()) continue;
        phrases.emplace(trimmed);
        phrases.merge(secret_parts_of(trimmed));
        if (trimmed.size() > kMaxFormedBytes || formed_bytes + trimmed.size() > kMaxFormedTotal)
            continue;
        formed_bytes += trimmed.size();
        phrases.merge(forms_of(trimmed));
    }
    return phrases;
}

std::vector<std::string> prepare_prefixes(const MaskOptions& options) {
    std::set<std::string> prepared{"glpat-"};
    if (options.all_default_tokens) prepared.insert(kMorePrefixes.begin(), kMorePrefixes.end());
    for (const auto& prefix : options.token_prefixes) {
        const auto trimmed = base::trim(prefix);
        if (!trimmed.empty()) prepared.emplace(trimmed);
    }
    return {prepared.begin(), prepared.end()};
}

Prefilter::Head head_of(std::string_view pattern) {
    Prefilter::Head head;
    for (std::size_t i = 0; i < head.size(); ++i) {
        head[i] =
            i < pattern.size() ? byte_set(static_cast<unsigned char>(pattern[i])) : any_byte();
    }
    return head;
}

}  // namespace

MaskSet::MaskSet(const MaskOptions& options) {
    const auto phrases = prepare(options.phrases);
    const auto prefixes = prepare_prefixes(options);
    std::vector<Pattern> patterns;
    for (const auto& phrase : phrases) patterns.push_back({phrase, true});
    for (const auto& prefix : prefixes) patterns.push_back({prefix, false});
    for (const Pattern& pattern : patterns) prefilter_.add(head_of(pattern.text));
    build(std::move(patterns));
    link_failures();
    UrlKeys::add_heads(prefilter_);
    prefilter_.finish();
}

/// Level by level, so that the children of a node are adjacent and its failure link points to an
/// earlier node. The patterns below a node are adjacent, too, because they are sorted.
void MaskSet::build(std::vector<Pattern> patterns) {
    std::sort(patterns.begin(), patterns.end(),
              [](const Pattern& a, const Pattern& b) { return a.text < b.text; });
    struct Range {
        std::size_t begin, end;
    };
    nodes_.resize(1);
    State state = kRoot;
    std::vector<Range> level{{0, patterns.size()}};
    std::vector<Range> next_level;
    for (std::uint32_t depth = 0; !level.empty(); ++depth) {
        for (auto [at, end] : level) {
            for (; at < end && patterns[at].text.size() == depth; ++at) {
                if (patterns[at].is_phrase) nodes_[state].phrase_length = depth;
                if (!patterns[at].is_phrase) nodes_[state].ends_prefix = true;
            }
            nodes_[state].first_child = static_cast<State>(nodes_.size());
            while (at < end) {
                const std::size_t first = at;
                add_child(state, static_cast<unsigned char>(patterns[at].text[depth]));
                for (; at < end && patterns[at].text[depth] == patterns[first].text[depth]; ++at) {
                    if (patterns[at].is_phrase) nodes_[state].hold = depth;
                }
                next_level.push_back({first, at});
            }
            ++state;
        }
        std::swap(level, next_level);
        next_level.clear();
    }
    nodes_.shrink_to_fit();
}

void MaskSet::add_child(State parent, unsigned char byte) {
    if (parent == kRoot) root_children_[byte] = static_cast<State>(nodes_.size());
    Node& node = nodes_.emplace_back();
    node.byte = byte;
    node.parent = parent;
    ++nodes_[parent].child_count;
}

void MaskSet::link_failures() {
    for (State state = 1; state < nodes_.size(); ++state) {
        Node& node = nodes_[state];
        if (node.parent != kRoot) node.fail = next(nodes_[node.parent].fail, node.byte);
        const Node& shorter = nodes_[node.fail];
        if (node.phrase_length == 0) node.phrase_length = shorter.phrase_length;
        if (node.hold == 0) node.hold = shorter.hold;
        node.ends_prefix = node.ends_prefix || shorter.ends_prefix;
    }
}

MaskSet::State MaskSet::child(State state, unsigned char byte) const {
    const Node* first = nodes_.data() + nodes_[state].first_child;
    const Node* last = first + nodes_[state].child_count;
    for (; first != last; ++first) {
        if (first->byte == byte) return static_cast<State>(first - nodes_.data());
    }
    return kRoot;
}

MaskSet::State MaskSet::next(State state, unsigned char byte) const {
    while (state != kRoot) {
        const State found = child(state, byte);
        if (found != kRoot) return found;
        state = nodes_[state].fail;
    }
    return root_children_[byte];
}

std::string MaskSet::path(State state) const {
    std::string bytes;
    for (; state != kRoot; state = nodes_[state].parent)
        bytes.push_back(static_cast<char>(nodes_[state].byte));
    std::reverse(bytes.begin(), bytes.end());
    return bytes;
}

}  // namespace runner::trace
