#include "runner/pipeline/variables/expand.hpp"

#include <algorithm>
#include <unordered_map>

#include "runner/pipeline/graph/strongly_connected.hpp"

namespace runner::pipeline::variables {
namespace {

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::size_t name_length(std::string_view text) {
    if (text.empty() || !starts_name(text.front())) return 0;
    std::size_t n = 1;
    while (n < text.size() && (starts_name(text[n]) || (text[n] >= '0' && text[n] <= '9'))) ++n;
    return n;
}

struct Reference {
    std::string_view name;
    std::size_t length = 0;  // of the whole reference; 0: there is none
};

/// The reference with which the text begins.
Reference reference_at(std::string_view text) {
    if (text.starts_with("${")) {
        const std::size_t n = name_length(text.substr(2));
        if (n > 0 && n + 2 < text.size() && text[n + 2] == '}') {
            return {text.substr(2, n), n + 3};
        }
        return {};
    }
    if (text.front() == '$') {
        const std::size_t n = name_length(text.substr(1));
        return n == 0 ? Reference{} : Reference{text.substr(1, n), n + 1};
    }
    if (text.front() == '%') {
        const std::size_t n = name_length(text.substr(1));
        if (n > 0 && n + 1 < text.size() && text[n + 1] == '%') return {text.substr(1, n), n + 2};
    }
    return {};
}

/// Calls `replace(name, reference, result)` for each reference in `text`; the call appends the
/// replacement to the result. With `escapes`, $$ and %% are kept and begin no reference.
template <typename Replace>
std::string rewrite(std::string_view text, bool escapes, Replace replace) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        if (out.size() > kLongestValue) return out.append(text);
        const std::size_t sign = std::min(text.find_first_of("$%"), text.size());
        out += text.substr(0, sign);
        text.remove_prefix(sign);
        if (text.empty()) break;
        if (escapes && text.size() > 1 && text[1] == text[0]) {
            out += text.substr(0, 2);
            text.remove_prefix(2);
            continue;
        }
        const Reference found = reference_at(text);
        if (found.length == 0) {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        replace(found.name, text.substr(0, found.length), out);
        text.remove_prefix(found.length);
    }
    return out;
}

/// For each variable, the indices of the variables that it refers to.
std::vector<std::vector<std::size_t>> reference_graph(const std::vector<Variable>& all) {
    std::unordered_map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < all.size(); ++i) index.emplace(all[i].key, i);
    std::vector<std::vector<std::size_t>> edges(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].raw) continue;
        for (const std::string& name : references(all[i].value)) {
            const auto target = index.find(name);
            if (target != index.end() && target->second != i) edges[i].push_back(target->second);
        }
    }
    return edges;
}

std::string expand_value(const Variable& variable, const Collection& expanded, Reader reader) {
    const auto replace = [&](std::string_view name, std::string_view whole, std::string& out) {
        if (name == variable.key) return;
        const Variable* referred = expanded.find(name);
        if (reader == Reader::kGitLab) {
            if (referred != nullptr) out += referred->value;
            return;
        }
        const bool stays = referred == nullptr || referred->raw || referred->is_file;
        out += stays ? whole : std::string_view(referred->value);
    };
    return rewrite(variable.value, true, replace);
}

}  // namespace

std::string expand(std::string_view text, const Collection& variables, Undefined undefined) {
    return rewrite(text, false,
                   [&](std::string_view name, std::string_view whole, std::string& out) {
                       if (const auto value = variables.value(name)) {
                           out += *value;
                       } else if (undefined == Undefined::kKeep) {
                           out += whole;
                       }
                   });
}

std::vector<std::string> references(std::string_view text) {
    std::vector<std::string> names;
    rewrite(text, true, [&](std::string_view name, std::string_view, std::string&) {
        names.emplace_back(name);
    });
    return names;
}

ExpandedVariables sort_and_expand(const Collection& variables, Reader reader) {
    const auto& all = variables.all();
    const auto components = graph::strongly_connected(reference_graph(all));
    ExpandedVariables unchanged{variables, {}, {}};
    for (const auto& component : components) {
        if (component.size() < 2) continue;
        auto& cycle = unchanged.cycles.emplace_back();
        for (const std::size_t member : component) cycle.push_back(all[member].key);
    }
    if (!unchanged.cycles.empty()) return unchanged;
    // A component comes after those it refers to, so this is the order in which to expand.
    Collection expanded = variables;
    std::size_t bytes = 0;
    for (const auto& component : components) {
        const Variable& variable = all[component.front()];
        if (variable.raw || variable.value.find_first_of("$%") == std::string::npos) continue;
        Variable result = variable;
        result.value = expand_value(variable, expanded, reader);
        bytes += result.value.size();
        if (result.value.size() > kLongestValue || bytes > kMostExpandedBytes) {
            unchanged.too_long = variable.key;
            return unchanged;
        }
        expanded.set(std::move(result));
    }
    return {std::move(expanded), {}, {}};
}

std::string expand_nested(std::string_view text, const Collection& variables, Undefined undefined) {
    if (text.find_first_of("$%") == std::string_view::npos) return std::string(text);
    return expand(text, sort_and_expand(variables, Reader::kGitLab).variables, undefined);
}

}  // namespace runner::pipeline::variables
