#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/glob.hpp"

namespace runner::pipeline::glob {

/// A pattern of `rules:changes` and `rules:exists`, which must match the whole path, as Ruby's
/// File.fnmatch (ci-yaml.md §3.2): * and ? match anything but a slash, also a leading dot; "**/"
/// matches any number of directories; [abc] and {a,b} are as in a shell.
class PathGlob {
  public:
    explicit PathGlob(std::string_view pattern) : glob_(pattern, base::GlobDialect::kFnmatch) {}

    [[nodiscard]] bool matches(std::string_view path) const { return glob_.matches(path); }

  private:
    base::Glob glob_;
};

/// A pattern of `rules:exists`. Without wildcards it is an exact path, or, when it ends with a
/// slash, the beginning of a path. With wildcards it is a PathGlob; one without slashes matches
/// only files in the root directory.
class ExistsPattern {
  public:
    explicit ExistsPattern(std::string_view pattern);

    [[nodiscard]] bool matches(std::string_view path) const;

  private:
    enum class Form : std::uint8_t { kExact, kPrefix, kTopLevel, kGlob };
    Form form_;
    std::string text_;
    PathGlob glob_;
};

/// A wildcard of `include:local`: * matches anything but a slash, ** matches anything, "**/"
/// matches any number of directories; every other character matches itself.
class IncludeGlob {
  public:
    explicit IncludeGlob(std::string_view pattern) : glob_(pattern, base::GlobDialect::kInclude) {}

    [[nodiscard]] bool matches(std::string_view path) const { return glob_.matches(path); }
    static bool is_wildcard(std::string_view path) { return path.find('*') != path.npos; }

  private:
    base::Glob glob_;
};

}  // namespace runner::pipeline::glob
