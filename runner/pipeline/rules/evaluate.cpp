#include "runner/pipeline/rules/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/strings.hpp"
#include "runner/pipeline/expression/regex.hpp"
#include "runner/pipeline/glob/path_glob.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::rules {

using yaml::List;
using yaml::Value;

namespace {

/// With more comparisons of a pattern with a path than this, a clause counts as true.
constexpr std::size_t kMostComparisons = 50'000;

/// The different patterns of a clause, with variables expanded.
std::vector<std::string> patterns_of(const Value& clause, const Context& context) {
    const Value* list = clause.is_map() ? clause.given("paths") : &clause;
    std::vector<std::string> patterns;
    std::unordered_set<std::string> seen;
    const auto add = [&](const Value& item) {
        std::string text = context.expanded(item.to_text());
        if (seen.insert(text).second) patterns.push_back(std::move(text));
    };
    if (list == nullptr || list->is_blank()) return patterns;
    if (list->is_list()) {
        for (const Value& item : list->items()) add(item);
    } else {
        add(*list);
    }
    return patterns;
}

template <typename Pattern>
std::optional<std::string> find_match(const std::vector<std::string>& patterns,
                                      const Paths& paths) {
    for (const std::string& text : patterns) {
        const Pattern pattern(text);
        for (const std::string& path : paths) {
            if (pattern.matches(path)) return path;
        }
    }
    return std::nullopt;
}

/// Whether one of the paths matches the clause's `regexp`; nothing when the clause has none.
std::optional<bool> matches_regexp(const Value& clause, const Paths& paths) {
    const Value* text = clause.given("regexp");
    if (text == nullptr) return std::nullopt;
    const auto regex = expression::Regex::from_literal(text->to_text());
    return regex && std::any_of(paths.begin(), paths.end(),
                                [&](const std::string& path) { return regex->search(path); });
}

/// The paths that count as changed; nothing when they are unknown.
Checked<Lazy<std::optional<Paths>>> changed_paths(const Value& clause, const Context& context) {
    const Repository& repository = context.repository();
    const Value* compare = clause.given("compare_to");
    if (compare == nullptr || !repository.changed_since) return repository.changed;
    Difference difference = repository.changed_since(context.expanded(compare->to_text()));
    if (difference.is_ref) return difference.paths;
    return Problem{"rules:changes:compare_to is not a valid ref", compare->mark()};
}

Checked<Verdict> evaluate_changes(const Value& clause, const Context& context) {
    const auto changed = changed_paths(clause, context);
    if (!changed) return changed.error();
    const std::optional<Paths>& paths = changed->get();
    if (!paths) return Verdict{true, "changes: the difference is unknown"};
    if (const auto regexp = matches_regexp(clause, *paths)) {
        return Verdict{*regexp,
                       *regexp ? "changes: regexp found a path" : "changes: no path found"};
    }
    const auto patterns = patterns_of(clause, context);
    if (patterns.size() * paths->size() > kMostComparisons) {
        return Verdict{true, "changes: too many paths to compare, taken as changed"};
    }
    const auto hit = find_match<glob::PathGlob>(patterns, *paths);
    if (hit) return Verdict{true, fmt::format("changes: {} changed", *hit)};
    return Verdict{false,
                   fmt::format("changes: nothing in {} changed", base::join(patterns, ", "))};
}

/// The files of the project that `exists:project` and `exists:ref` name.
Checked<Paths> files_of_project(const Value& clause, const Context& context) {
    const auto text = [&](const char* key) {
        const Value* value = clause.given(key);
        return value == nullptr ? std::string{} : context.expanded(value->to_text());
    };
    const std::string project = text("project");
    const std::string ref = text("ref");
    ProjectFiles found;
    if (context.repository().project_files) {
        found = context.repository().project_files(project, ref);
    }
    const Mark mark = clause.given("project")->mark();
    if (!found.is_project) {
        return Problem{fmt::format("rules:exists:project `{}` not found or access denied", project),
                       mark};
    }
    if (!found.is_ref) {
        return Problem{
            fmt::format("rules:exists:ref `{}` is not a valid ref in project `{}`", ref, project),
            mark};
    }
    return std::move(found.paths);
}

/// Whether GitLab looks the pattern up instead of comparing it with each path: an exact path, or
/// **/*.ext.
bool is_looked_up(std::string_view pattern) {
    constexpr std::string_view kAnyFile = "**/*";
    const auto is_plain = [](std::string_view text) {
        return text.find_first_of("*?[{") == std::string_view::npos;
    };
    if (is_plain(pattern)) return true;
    if (pattern.starts_with(kAnyFile)) pattern.remove_prefix(kAnyFile.size());
    return pattern.starts_with('.') && pattern.find('/') == std::string_view::npos &&
           is_plain(pattern);
}

/// Whether only files in the root directory can match.
bool is_top_level(std::string_view text) {
    return text.find('/') == std::string_view::npos && text.find("**") == std::string_view::npos;
}

/// How many times GitLab would compare a pattern with a path.
std::size_t comparisons(const std::vector<std::string>& patterns, const Paths& paths) {
    const auto compared = std::count_if(patterns.begin(), patterns.end(),
                                        [](const auto& text) { return !is_looked_up(text); });
    auto candidates = static_cast<std::ptrdiff_t>(paths.size());
    if (std::all_of(patterns.begin(), patterns.end(), is_top_level)) {
        candidates = std::count_if(paths.begin(), paths.end(), is_top_level);
    }
    return static_cast<std::size_t>(compared * candidates);
}

Checked<Verdict> evaluate_exists(const Value& clause, const Context& context) {
    std::optional<Paths> other;
    if (clause.given("project") != nullptr) {
        auto files = files_of_project(clause, context);
        if (!files) return files.error();
        other = std::move(*files);
    }
    const Paths* paths = other ? &*other : &context.repository().files.get();
    if (const auto regexp = matches_regexp(clause, *paths)) {
        return Verdict{*regexp, *regexp ? "exists: regexp found a path" : "exists: no path found"};
    }
    const auto patterns = patterns_of(clause, context);
    if (comparisons(patterns, *paths) > kMostComparisons) {
        return Verdict{true, "exists: too many paths to compare, taken as there"};
    }
    const auto hit = find_match<glob::ExistsPattern>(patterns, *paths);
    if (hit) return Verdict{true, fmt::format("exists: {} is there", *hit)};
    return Verdict{false, fmt::format("exists: nothing matches {}", base::join(patterns, ", "))};
}

/// The values of the variables that a condition reads. Masked values are not shown.
std::string read_variables(const expression::Expression& expression,
                           const variables::Collection& variables) {
    std::string seen;
    for (const std::string& name : expression.names()) {
        const variables::Variable* variable = variables.find(name);
        if (!seen.empty()) seen += ", ";
        seen += "$" + name + " is ";
        if (variable == nullptr) {
            seen += "not set";
        } else {
            seen += variable->masked ? "[masked]" : yaml::inspect(variable->value);
        }
    }
    return seen;
}

Verdict evaluate_if(const Value& condition, const Context& context) {
    const expression::Expression* expression = context.expressions().get(condition.to_text());
    const bool truth =
        expression != nullptr && expression->truthy([&](std::string_view name, bool input) {
            return input ? std::nullopt : context.variables().value(name);
        });
    return Verdict{
        truth,
        fmt::format("if: {} is {}", base::trim(condition.to_text()), truth ? "true" : "false"),
        condition.mark(),
        expression == nullptr ? std::string{} : read_variables(*expression, context.variables())};
}

}  // namespace

const expression::Expression* ExpressionCache::get(const std::string& text) {
    auto found = parsed_.find(text);
    if (found == parsed_.end()) {
        found = parsed_.emplace(text, expression::Expression::parse(text)).first;
    }
    return found->second ? &*found->second : nullptr;
}

std::string Context::expanded(const std::string& text) const {
    if (text.find_first_of("$%") == std::string::npos) return text;
    if (!values_) {
        values_ = variables::sort_and_expand(variables_, variables::Reader::kGitLab).variables;
    }
    return variables::expand(text, *values_, variables::Undefined::kKeep);
}

Checked<Verdict> evaluate_rule(const Value& rule, const Context& context) {
    Verdict verdict{true, {}, rule.mark()};
    const auto join = [&verdict](const Verdict& next) {
        verdict.matched = next.matched;
        if (verdict.seen.empty()) verdict.seen = next.seen;
        if (!next.matched) {
            verdict.reason = next.reason;
            return;
        }
        if (!verdict.reason.empty()) verdict.reason += "; ";
        verdict.reason += next.reason;
    };
    if (const Value* condition = rule.given("if")) {
        join(evaluate_if(*condition, context));
        if (!verdict.matched) return verdict;
    }
    if (const Value* changes = rule.given("changes")) {
        auto next = evaluate_changes(*changes, context);
        if (!next) return next;
        join(*next);
        if (!verdict.matched) return verdict;
    }
    if (const Value* exists = rule.given("exists")) {
        auto next = evaluate_exists(*exists, context);
        if (!next) return next;
        join(*next);
    }
    return verdict;
}

std::vector<Value> flatten_rules(const Value& rules) {
    return rules.is_list() ? yaml::flattened(rules) : std::vector<Value>();
}

Checked<Match> first_match(const std::vector<Value>& rules, const Context& context) {
    Match match;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        auto verdict = evaluate_rule(rules[i], context);
        if (!verdict) return verdict.error();
        match.verdicts.push_back(*verdict);
        if (!verdict->matched) continue;
        match.rule = &rules[i];
        match.index = i;
        break;
    }
    return match;
}

}  // namespace runner::pipeline::rules
