#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace runner::pipeline::expression {

/// A pattern of the configuration, in the engine GitLab uses: RE2, unanchored search.
/// Copies share the compiled program. Threads: immutable.
class Regex {
  public:
    /// "/body/flags" with flags from i, s, m, U. Nothing when the form or the body is wrong.
    static std::optional<Regex> from_literal(std::string_view text);
    static std::optional<Regex> compile(const std::string& pattern);

    [[nodiscard]] bool search(std::string_view text) const;

  private:
    explicit Regex(std::shared_ptr<const re2::RE2> program) : program_(std::move(program)) {}
    std::shared_ptr<const re2::RE2> program_;
};

}  // namespace runner::pipeline::expression
