#pragma once

#include <string>
#include <string_view>

// The rules for slugs and tiers are in ci-yaml.md §4.5 and §2.10.
namespace runner::pipeline::variables {

/// The form of CI_COMMIT_REF_SLUG: lower case letters and digits, every other character becomes a
/// dash, at most 63 characters.
std::string slug(std::string_view text);

/// The form of CI_ENVIRONMENT_SLUG: at most 24 characters, beginning with a letter. When the name
/// had to be changed, the slug ends with a hash of the name, so that it stays unique.
std::string environment_slug(std::string_view name);

/// The deployment tier that GitLab derives from the name of an environment: "production",
/// "testing", …, "other".
std::string guess_tier(const std::string& environment);

}  // namespace runner::pipeline::variables
