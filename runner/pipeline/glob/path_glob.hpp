#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/expression/regex.hpp"

namespace runner::pipeline::glob {

/// A pattern of `rules:changes` and `rules:exists`: * and ? stop at a slash but match leading dots,
/// "**/" is any depth, [abc] and {a,b} as usual, the whole path must match.
class PathGlob {
  public:
    explicit PathGlob(std::string_view pattern);

    [[nodiscard]] bool matches(std::string_view path) const;

  private:
    std::vector<std::vector<std::string>> alternatives_;  // segments of each, braces expanded
};

/// The extra meanings `exists` gives: a pattern without wildcards is an exact path, or with a
/// trailing slash the beginning of some path.
class ExistsPattern {
  public:
    explicit ExistsPattern(std::string_view pattern);

    [[nodiscard]] bool matches(std::string_view path) const;

  private:
    enum class Form { kExact, kPrefix, kTopLevel, kGlob };
    Form form_;
    std::string text_;
    PathGlob glob_;
};

/// A wildcard of `include:local`: * is anything but a slash, ** anything, "**/" any number of
/// directories; every other character stands for itself.
class IncludeGlob {
  public:
    explicit IncludeGlob(std::string_view pattern);

    [[nodiscard]] bool matches(std::string_view path) const;
    static bool is_wildcard(std::string_view path) { return path.find('*') != path.npos; }

  private:
    std::optional<expression::Regex> regex_;  // nothing when it is too large: it matches nothing
};

}  // namespace runner::pipeline::glob
