#include "runner/trace/mask_set.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/strings.hpp"
#include "runner/trace/url_keys.hpp"

namespace runner::trace {

namespace {

constexpr std::array<std::string_view, 13> kMorePrefixes{
    "gloas-", "gldt-",    "glrt-",   "glcbt-",  "glrtr-",           "glptt-", "glft-",
    "glimt-", "glagent-", "glsoat-", "glffct-", "_gitlab_session=", "gltok-"};

/// The phrases to search for: trimmed, without duplicates, and the lines of those with several.
std::vector<std::string> prepare(const std::vector<std::string>& phrases) {
    std::set<std::string> prepared;
    for (const auto& phrase : phrases) {
        const auto trimmed = base::trim(phrase);
        if (trimmed.empty()) continue;
        prepared.emplace(trimmed);
        if (trimmed.find('\n') == std::string_view::npos) continue;
        for (const auto& line : base::split(trimmed, '\n')) {
            const auto text = base::trim(line);
            if (text.size() >= kMinLineBytes) prepared.emplace(text);
        }
    }
    return {prepared.begin(), prepared.end()};
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

/// A node of the tree before the nodes are ordered level by level.
struct Branch {
    std::map<unsigned char, std::size_t> children;
    std::size_t phrase_length = 0;
    bool ends_prefix = false;
    bool extends_phrase = false;  ///< a phrase continues after this node
};

std::size_t insert(std::vector<Branch>& tree, std::string_view pattern, bool is_phrase) {
    std::size_t at = 0;
    for (const char c : pattern) {
        if (is_phrase) tree[at].extends_phrase = true;
        const auto byte = static_cast<unsigned char>(c);
        const auto found = tree[at].children.find(byte);
        if (found != tree[at].children.end()) {
            at = found->second;
            continue;
        }
        tree[at].children.emplace(byte, tree.size());
        at = tree.size();
        tree.emplace_back();
    }
    return at;
}

}  // namespace

MaskSet::MaskSet(const MaskOptions& options) {
    const auto phrases = prepare(options.phrases);
    const auto prefixes = prepare_prefixes(options);
    build(phrases, prefixes);
    link_failures();
    for (const auto& phrase : phrases) prefilter_.add(head_of(phrase));
    for (const auto& prefix : prefixes) prefilter_.add(head_of(prefix));
    UrlKeys::add_heads(prefilter_);
    prefilter_.finish();
}

void MaskSet::build(const std::vector<std::string>& phrases,
                    const std::vector<std::string>& prefixes) {
    std::vector<Branch> tree(1);
    for (const auto& phrase : phrases)
        tree[insert(tree, phrase, true)].phrase_length = phrase.size();
    for (const auto& prefix : prefixes) tree[insert(tree, prefix, false)].ends_prefix = true;

    // Level by level, so that the children of a node are adjacent and its failure link points to an
    // earlier node.
    std::vector<std::size_t> order{0};
    std::vector<std::uint32_t> depth{0};
    nodes_.resize(tree.size());
    for (State state = 0; state < order.size(); ++state) {
        const Branch& branch = tree[order[state]];
        Node& node = nodes_[state];
        node.first_child = static_cast<State>(order.size());
        node.child_count = static_cast<std::uint16_t>(branch.children.size());
        node.phrase_length = static_cast<std::uint32_t>(branch.phrase_length);
        node.ends_prefix = branch.ends_prefix;
        node.hold = branch.extends_phrase ? depth[state] : 0;
        for (const auto& [byte, index] : branch.children) {
            Node& next = nodes_[order.size()];
            next.byte = byte;
            next.parent = state;
            if (state == kRoot) root_children_[byte] = static_cast<State>(order.size());
            order.push_back(index);
            depth.push_back(depth[state] + 1);
        }
    }
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
