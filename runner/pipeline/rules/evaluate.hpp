#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/pipeline/expression/expression.hpp"
#include "runner/pipeline/rules/repository.hpp"
#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::rules {

/// Keeps parsed expressions by their text, because many jobs have the same condition.
///
/// Threads: not synchronised; one cache belongs to one thread.
class ExpressionCache {
  public:
    /// Returns nullptr when the text is not a valid expression. The pointer stays valid as long as
    /// the cache.
    const expression::Expression* get(const std::string& text);

  private:
    std::unordered_map<std::string, std::optional<expression::Expression>> parsed_;
};

/// What a rule is evaluated with. The references must outlive the context.
///
/// Threads: not synchronised; one context belongs to one thread.
class Context {
  public:
    Context(const variables::Collection& variables, const Repository& repository,
            ExpressionCache& expressions)
        : variables_(variables), repository_(repository), expressions_(expressions) {}

    [[nodiscard]] const variables::Collection& variables() const { return variables_; }
    [[nodiscard]] const Repository& repository() const { return repository_; }
    [[nodiscard]] ExpressionCache& expressions() const { return expressions_; }

    /// The text with references replaced, also those in the values of variables. References to
    /// undefined variables stay as they are.
    [[nodiscard]] std::string expanded(const std::string& text) const;

  private:
    const variables::Collection& variables_;
    const Repository& repository_;
    ExpressionCache& expressions_;
    /// The variables with expanded values, once a text asks for them.
    mutable std::optional<variables::Collection> values_;
};

/// The result of one rule: whether it matches, and why.
struct Verdict {
    bool matched = false;
    /// The clauses that decided: "if: $A == \"b\" is false". Empty for a rule without clauses.
    std::string reason;
    Mark mark = {};  ///< the position of the rule
    /// The variables that the condition read: "$A is \"c\", $B is not set".
    std::string seen = {};
};

/// Evaluates the clauses of a rule (ci-yaml.md §2.8); all of them must be true. The problem is that
/// of a clause that cannot be evaluated ("rules:changes:compare_to is not a valid ref").
Checked<Verdict> evaluate_rule(const yaml::Value& rule, const Context& context);

/// The rules of a list in order, nested lists flattened. Empty when `rules` is not a list.
std::vector<yaml::Value> flatten_rules(const yaml::Value& rules);

/// The first rule of a list that matches.
struct Match {
    const yaml::Value* rule = nullptr;  ///< an element of the list; nullptr when no rule matches
    std::size_t index = 0;
    std::vector<Verdict> verdicts;  ///< those of the evaluated rules, in order
};
Checked<Match> first_match(const std::vector<yaml::Value>& rules, const Context& context);

}  // namespace runner::pipeline::rules
