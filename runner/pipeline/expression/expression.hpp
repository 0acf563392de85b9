#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runner::pipeline::expression {

struct Term;

/// Gives a variable's value, unexpanded; nothing when it is not defined. `input` tells that an
/// input was named, $[[ inputs.NAME ]], rather than a variable.
using Lookup = std::function<std::optional<std::string_view>(std::string_view name, bool input)>;

/// A condition of `rules:if`, `only:variables` and `workflow:rules`.
/// Immutable and cheap to copy; parse once, evaluate for as many jobs as needed.
class Expression {
  public:
    /// Nothing when the text is not a valid expression (GitLab does not say more, either).
    static std::optional<Expression> parse(std::string_view text);

    /// Whether a rule with this condition matches: the value is not null, not false, not blank.
    [[nodiscard]] bool truthy(const Lookup& lookup) const;

    /// Names of the variables (or inputs) the expression reads, in order of appearance.
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    explicit Expression(std::shared_ptr<const Term> root) : root_(std::move(root)) {}
    std::shared_ptr<const Term> root_;
};

}  // namespace runner::pipeline::expression
