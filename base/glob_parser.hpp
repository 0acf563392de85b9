#pragma once

#include <string_view>

#include "base/glob.hpp"

namespace base {

/// One character of a text. A byte that is no UTF-8 is a character of its own, which is equal to
/// the same byte only.
struct GlobCharacter {
    static constexpr char32_t kFirstInvalid = 0x110000;  ///< behind the last one of Unicode
    char32_t code;
    std::size_t length;  ///< bytes
    [[nodiscard]] bool is_valid() const { return code < kFirstInvalid; }
};
/// The first character; the text is not empty.
GlobCharacter first_character(std::string_view text);

Glob::Program parse_glob(std::string_view pattern, GlobDialect dialect);

}  // namespace base
