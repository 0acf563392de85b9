#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace base {

/// The meanings of wildcards that GitLab has in different places. In all of them the whole text
/// must match, and a leading dot is an ordinary character.
enum class GlobDialect : std::uint8_t {
    /// Images, artifacts and caches: `*` and `?` stay inside one path part; `**` as a whole part
    /// stands for any number of parts, so `a/**` is also `a`; `[a-z]`, `[!x]`, `{a,b}`, `\`. A
    /// pattern that is not complete (`[a`, `{a`, `a\`) matches nothing.
    kDoublestar,
    /// `changes` and `exists`, Ruby's File.fnmatch (ci-yaml.md §3.2): as above, but only `**/`
    /// stands
    /// for parts, `**` in other places is `*`; a brace that is not closed is an ordinary character.
    kFnmatch,
    /// `include:local`: `*` stays inside one path part, `**/` is nothing or ends with a slash, `**`
    /// matches anything; every other character is an ordinary one.
    kInclude,
};

/// A compiled pattern. It is matched in one pass over the text, without backtracking: the time is
/// at most the product of both lengths, whatever pattern and text are. Values; immutable after
/// construction. Only the standard library is used, because the static runner-helper links it.
class Glob {
  public:
    /// A pattern of more characters than this matches nothing.
    static constexpr std::size_t kMostCharacters = 1 << 16;

    Glob(std::string_view pattern, GlobDialect dialect);

    [[nodiscard]] bool matches(std::string_view text) const;

    /// One element of the pattern.
    struct Token {
        enum class Kind : std::uint8_t {
            kCharacter,
            kAnyCharacter,    ///< but the slash
            kClass,           ///< characters in brackets
            kStar,            ///< one `*` of the pattern
            kOpen,            ///< `{`
            kNext,            ///< `,` between alternatives
            kClose,           ///< `}`
            kAnything,        ///< `**` of kInclude
            kAnyDirectories,  ///< `**/` of kInclude
            kNothing,         ///< matches no character
        };
        Kind kind = Kind::kCharacter;
        char32_t character = 0;  ///< of kCharacter, and the written one of a brace or comma
        std::uint32_t next = 0;  ///< kOpen, kNext: the next kNext, or the kClose; kClass: its index
        std::uint32_t close = 0;  ///< kOpen, kNext, kClose: the kClose
    };
    struct Class {
        struct Range {
            char32_t low;
            char32_t high;
        };
        bool negated = false;
        std::vector<Range> ranges;
    };
    struct Program {
        GlobDialect dialect = GlobDialect::kDoublestar;
        bool valid = true;
        std::vector<Token> tokens;
        std::vector<Class> classes;
    };

  private:
    Program program_;
};

/// For a pattern that is used once.
bool doublestar_match(std::string_view pattern, std::string_view text);

}  // namespace base
