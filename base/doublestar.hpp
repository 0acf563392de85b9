#pragma once

#include <string_view>

namespace base {

/// GitLab's glob for images, artifacts and caches: `*` and `?` stay inside one path part, `**`
/// crosses parts, `[a-z]`, `[!x]`, `{a,b}`; dots at the front are nothing special. The whole text
/// must match. Pure, and only the standard library, since runner-helper has it too.
bool doublestar_match(std::string_view pattern, std::string_view text);

}  // namespace base
