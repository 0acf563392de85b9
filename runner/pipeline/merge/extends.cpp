#include "runner/pipeline/merge/extends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/merge/deep_merge.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::merge {
namespace {

using yaml::Map;
using yaml::Value;

constexpr std::size_t kMostGenerations = 10;

/// The values that `extends` lists. Those that are not texts are reported as unknown keys later.
std::vector<Value> parent_names(const Value& extends) {
    if (extends.is_list()) return extends.items();
    if (!extends.is_map()) return {extends};
    std::vector<Value> pairs;
    for (const auto& [key, value] : extends.entries()) {
        pairs.push_back(Value::list({Value::symbol(key.to_text()), value}, key.mark()));
    }
    return pairs;
}

class ExtendsResolver {
  public:
    explicit ExtendsResolver(const Value& root) : root_(root.entries()) {}

    struct Resolved {
        Value value;
        std::size_t height = 0;  ///< the number of generations of ancestors
    };

    Checked<Resolved> entry(const std::string& name, const Value& value) {
        const Value* extends = value.given("extends");
        if (extends == nullptr) return Resolved{value, 0};
        const auto done = done_.find(name);
        if (done != done_.end()) return done->second;
        if (auto problem = check_parents(name, *extends)) return *problem;
        if (chain_.size() > kMostGenerations) return too_deep(name);
        if (std::find(chain_.begin(), chain_.end(), name) != chain_.end()) {
            return Problem{fmt::format("{}: circular dependency detected in `extends`", name),
                           extends->mark()};
        }
        chain_.push_back(name);
        auto merged = merge_parents(value, *extends);
        chain_.pop_back();
        if (merged) done_.emplace(name, *merged);
        return merged;
    }

  private:
    std::optional<Problem> check_parents(const std::string& name, const Value& extends) const {
        std::vector<std::string> unknown;
        std::vector<std::string> invalid;
        for (const Value& parent : parent_names(extends)) {
            const std::string text =
                parent.is_reference() ? "!reference" : yaml::interpolated(parent);
            const Value* found = parent.is_string() ? root_.find(text) : nullptr;
            if (found == nullptr) {
                unknown.push_back(text);
            } else if (!found->is_map()) {
                invalid.push_back(text);
            }
        }
        if (!unknown.empty()) {
            return Problem{
                fmt::format("{}: unknown keys in `extends` ({})", name, base::join(unknown, ", ")),
                extends.mark()};
        }
        if (!invalid.empty()) {
            return Problem{fmt::format("{}: invalid base hashes in `extends` ({})", name,
                                       base::join(invalid, ", ")),
                           extends.mark()};
        }
        return std::nullopt;
    }

    [[nodiscard]] Problem too_deep(const std::string& name) const {
        const Value* value = root_.find(name);
        return Problem{fmt::format("{}: nesting too deep in `extends`", name), value->mark()};
    }

    Checked<Resolved> merge_parents(const Value& value, const Value& extends) {
        Resolved result{Value::map({}, value.mark()), 0};
        for (const Value& name : parent_names(extends)) {
            const std::string& text = name.as_string();
            auto parent = entry(text, *root_.find(text));
            if (!parent) return parent;
            if (chain_.size() + parent->height > kMostGenerations + 1) {
                return too_deep(ancestor(text, kMostGenerations + 1 - chain_.size()));
            }
            result.value = deep_merge(result.value, parent->value, budget_);
            result.height = std::max(result.height, parent->height + 1);
        }
        result.value = deep_merge(result.value, value, budget_);
        if (budget_.is_spent()) return Problem{std::string(yaml::kTooBig), value.mark()};
        return result;
    }

    /// The ancestor of `name` that is so many generations above it, on the longest chain. GitLab's
    /// message about too deep nesting names it.
    [[nodiscard]] std::string ancestor(std::string name, std::size_t generations) const {
        for (; generations > 0; --generations) {
            std::size_t best = 0;
            std::string next = name;
            for (const Value& parent : parent_names(*root_.find(name)->given("extends"))) {
                const auto found = done_.find(parent.as_string());
                const std::size_t height = found == done_.end() ? 0 : found->second.height;
                if (next == name || height > best) {
                    best = height;
                    next = parent.as_string();
                }
            }
            name = next;
        }
        return name;
    }

    const Map& root_;
    std::unordered_map<std::string, Resolved> done_;
    std::vector<std::string> chain_;
    Budget budget_;
};

}  // namespace

Checked<Value> resolve_extends(const Value& root) {
    bool any = false;
    for (const auto& [key, value] : root.entries()) any = any || value.given("extends") != nullptr;
    if (!any) return root;
    ExtendsResolver resolver(root);
    Map result;
    result.reserve(root.entries().size());
    for (const auto& [key, value] : root.entries()) {
        if (!key.is_string() || !value.is_map()) {
            result.set(key, value);
            continue;
        }
        auto resolved = resolver.entry(key.as_string(), value);
        if (!resolved) return resolved.error();
        result.set(key, resolved->value);
    }
    return Value::map(std::move(result), root.mark());
}

}  // namespace runner::pipeline::merge
