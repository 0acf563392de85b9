#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace runner::pipeline::expression {

/// A regular expression of the configuration. Like GitLab, it uses RE2, and searches the whole
/// text. Copies share the compiled program. Threads: it is immutable.
class Regex {
  public:
    /// From "/pattern/flags" with the flags i, s, m and U. Nothing when the text does not have this
    /// form, or the pattern is not valid.
    static std::optional<Regex> from_literal(std::string_view text);
    /// From a pattern without slashes. Nothing when it is not valid or too large.
    static std::optional<Regex> compile(const std::string& pattern);

    [[nodiscard]] bool search(std::string_view text) const;

  private:
    explicit Regex(std::shared_ptr<const re2::RE2> program) : program_(std::move(program)) {}
    std::shared_ptr<const re2::RE2> program_;
};

}  // namespace runner::pipeline::expression
