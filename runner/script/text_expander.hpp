#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runner/script/variables.hpp"

namespace runner::script {

/// Replaces the variables in the texts of one job (names, keys, aliases, labels), and bounds the
/// size of what becomes of them (size_limits.hpp). A text is measured before it is made.
///
/// Life: one per job; `variables` outlive it and may change. After a problem() every text is "",
/// and the job must not run. Not synchronised.
class TextExpander {
  public:
    explicit TextExpander(const Variables& variables) : variables_(variables) {}

    /// `text` with its variables replaced. `field` names the text in the problem.
    std::string expand(std::string_view field, std::string_view text);
    /// The same for a text that is a name, which is shorter.
    std::string expand_name(std::string_view field, std::string_view name);
    /// Measures a text that a shell will expand.
    void check(std::string_view field, std::string_view text);
    /// Counts a copy of `bytes` that is made for `field`.
    void charge(std::string_view field, std::size_t bytes);
    /// Sets the problem. The first one stays.
    void fail(std::string problem);

    /// What is wrong with the first text that is too large; "" for nothing.
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    std::size_t measure(std::string_view field, std::string_view text, std::size_t limit);
    [[nodiscard]] std::string replaced(std::string_view text) const;

    const Variables& variables_;
    std::size_t names_bytes_ = 0;
    std::size_t texts_bytes_ = 0;
    std::string problem_;
};

}  // namespace runner::script
