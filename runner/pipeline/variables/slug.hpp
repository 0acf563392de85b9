#pragma once

#include <string>
#include <string_view>

namespace runner::pipeline::variables {

/// CI_COMMIT_REF_SLUG and its like: lower case, everything else a dash, 63 characters.
std::string slug(std::string_view text);

/// CI_ENVIRONMENT_SLUG: 24 characters, begins with a letter, made unique by a hash when the name
/// had to be changed.
std::string environment_slug(std::string_view name);

/// The deployment tier that an environment's name speaks of: "production", "testing", …, "other".
std::string guess_tier(const std::string& environment);

}  // namespace runner::pipeline::variables
