#pragma once

#include <string>
#include <unordered_map>

#include "runner/pipeline/expression/expression.hpp"
#include "runner/pipeline/rules/repository.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::rules {

/// Parsed expressions by their text: the same condition stands in many jobs.
class ExpressionCache {
  public:
    /// nullptr when the text is no valid expression.
    const expression::Expression* get(const std::string& text);

  private:
    std::unordered_map<std::string, std::optional<expression::Expression>> parsed_;
};

/// Everything a rule is judged by.
struct Context {
    const variables::Collection& variables;
    const Repository& repository;
    ExpressionCache& expressions;
};

/// How one rule fared: whether it matched, and the clause that decided, in words.
struct Verdict {
    bool matched = false;
    std::string reason;     ///< "if: $A == \"b\" is false"; empty for a rule without clauses
    Mark mark = {};         ///< of the rule
    std::string seen = {};  ///< the variables its condition read: "$A is \"c\", $B is not set"
};

/// Whether all clauses of a rule hold. The problem is a clause that cannot be evaluated
/// ("rules:changes:compare_to is not a valid ref").
Checked<Verdict> evaluate_rule(const yaml::Value& rule, const Context& context);

/// The rules of a list in order, nested lists flattened.
std::vector<yaml::Value> flatten_rules(const yaml::Value& rules);

struct Match {
    const yaml::Value* rule = nullptr;  ///< nullptr: none matched
    std::size_t index = 0;
    std::vector<Verdict> verdicts;  ///< of the rules looked at, in order
};
Checked<Match> first_match(const std::vector<yaml::Value>& rules, const Context& context);

}  // namespace runner::pipeline::rules
