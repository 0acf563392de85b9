#pragma once

#include <string_view>

namespace base {

/// GitLab's glob for images, artifacts and caches: `*` and `?` stay inside one path part, `**`
/// crosses parts, `[a-z]`, `[!x]`, `{a,b}`; a leading dot needs no dot in the pattern. The whole
/// text must match. Pure; uses only the standard library, because the static runner-helper links
/// it.
bool doublestar_match(std::string_view pattern, std::string_view text);

}  // namespace base
