#include "runner/pipeline/rules/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>

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

std::vector<std::string> patterns_of(const Value& clause, const Context& context) {
    const Value* list = clause.is_map() ? clause.given("paths") : &clause;
    std::vector<std::string> patterns;
    const auto add = [&](const Value& text) {
        patterns.push_back(
            variables::expand(text.to_text(), context.variables, variables::Undefined::kKeep));
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

Checked<Verdict> evaluate_changes(const Value& clause, const Context& context) {
    std::optional<Paths> since;
    const Paths* paths = context.repository.changed ? &*context.repository.changed : nullptr;
    if (const Value* compare = clause.given("compare_to")) {
        const std::string ref =
            variables::expand(compare->to_text(), context.variables, variables::Undefined::kKeep);
        if (context.repository.changed_since) {
            since = context.repository.changed_since(ref);
            if (!since) {
                return Problem{"rules:changes:compare_to is not a valid ref", compare->mark()};
            }
            paths = &*since;
        }
    }
    if (paths == nullptr) return Verdict{true, "changes: the difference is unknown"};
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

Checked<Verdict> evaluate_exists(const Value& clause, const Context& context) {
    std::optional<Paths> other;
    const Paths* paths = &context.repository.files;
    if (const Value* project = clause.given("project")) {
        const auto text = [&](const Value* value) {
            return value == nullptr ? std::string{}
                                    : variables::expand(value->to_text(), context.variables,
                                                        variables::Undefined::kEmpty);
        };
        const std::string name = text(project);
        if (context.repository.project_files) {
            other = context.repository.project_files(name, text(clause.given("ref")));
        }
        if (!other) {
            return Problem{
                fmt::format("rules:exists:project `{}` not found or access denied", name),
                project->mark()};
        }
        paths = &*other;
    }
    if (const auto regexp = matches_regexp(clause, *paths)) {
        return Verdict{*regexp, *regexp ? "exists: regexp found a path" : "exists: no path found"};
    }
    const auto patterns = patterns_of(clause, context);
    if (patterns.size() * paths->size() > kMostComparisons) {
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
    const expression::Expression* expression = context.expressions.get(condition.to_text());
    const bool truth =
        expression != nullptr && expression->truthy([&](std::string_view name, bool input) {
            return input ? std::nullopt : context.variables.value(name);
        });
    return Verdict{
        truth,
        fmt::format("if: {} is {}", base::trim(condition.to_text()), truth ? "true" : "false"),
        condition.mark(),
        expression == nullptr ? std::string{} : read_variables(*expression, context.variables)};
}

}  // namespace

const expression::Expression* ExpressionCache::get(const std::string& text) {
    auto found = parsed_.find(text);
    if (found == parsed_.end()) {
        found = parsed_.emplace(text, expression::Expression::parse(text)).first;
    }
    return found->second ? &*found->second : nullptr;
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
