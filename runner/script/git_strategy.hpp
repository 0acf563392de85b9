#pragma once

#include <optional>
#include <string_view>

#include "runner/script/variables.hpp"

namespace runner::script {

enum class GitStrategy { kClone, kFetch, kNone, kEmpty };

/// A value of GIT_STRATEGY.
std::optional<GitStrategy> parse_git_strategy(std::string_view text);

/// GIT_STRATEGY. When the variable has no value or an unknown one, the payload's `allow_git_fetch`
/// decides.
GitStrategy git_strategy(const Variables& variables, bool allow_git_fetch);

/// Whether git runs at all.
bool brings_sources(GitStrategy strategy);

}  // namespace runner::script
