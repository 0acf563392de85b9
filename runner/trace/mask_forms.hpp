#pragma once

#include <set>
#include <string>
#include <string_view>

/// The texts under which a masked value may appear in a log.
namespace runner::trace {

/// The value itself, and what programs make of it when they print it:
///
/// - quoted by JSON, Go and Docker (`a\"b\\c`), once and twice, and JSON's "\u003c";
/// - quoted by shells: in single quotes ('\'' once and twice, '"'"'), in double quotes
///   (`declare -p`), with backslashes (`printf %q`), as $'…' (xtrace); by YAML ('');
/// - percent-encoded, wholly or without "/", in both cases, with "+" for blanks; and decoded;
/// - as a path or a cache key: "\" and "%2f" as "/", without empty and "." parts, without "/" and
///   blanks at the end; in the names of services, "__" or "-" for "/";
/// - of several lines: with "\n" for "\r\n", and in one line with blanks, as `echo $VALUE` prints.
///
/// `value` is trimmed. Pure. No form is empty.
std::set<std::string> forms_of(std::string_view value);

}  // namespace runner::trace
