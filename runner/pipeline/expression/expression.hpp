#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runner::pipeline::expression {

struct Term;

/// Returns the value of a variable, not expanded; nothing when it is not defined. `input` is true
/// when the name is that of an input, $[[ inputs.NAME ]].
using Lookup = std::function<std::optional<std::string_view>(std::string_view name, bool input)>;

/// A condition of `rules:if`, `only:variables` and `workflow:rules` (ci-yaml.md §3.1).
/// Immutable and cheap to copy: parse it once, and evaluate it for many jobs.
class Expression {
  public:
    /// Nothing when the text is not a valid expression. There is no reason, because GitLab gives
    /// none.
    static std::optional<Expression> parse(std::string_view text);

    /// Whether a rule with this condition matches: its value is neither null, false nor blank.
    [[nodiscard]] bool truthy(const Lookup& lookup) const;

    /// The names of the variables and inputs in the expression, in their order.
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    explicit Expression(std::shared_ptr<const Term> root) : root_(std::move(root)) {}
    std::shared_ptr<const Term> root_;
};

}  // namespace runner::pipeline::expression
