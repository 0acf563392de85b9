#pragma once

#include <optional>
#include <string_view>

#include "runner/script/variables.hpp"

namespace runner::script {

enum class GitStrategy { kClone, kFetch, kNone, kEmpty };

/// A value of GIT_STRATEGY.
std::optional<GitStrategy> parse_git_strategy(std::string_view text);

/// GIT_STRATEGY; the server's wish when the variable has no value or one that does not exist.
GitStrategy git_strategy(const Variables& variables, bool allow_git_fetch);

/// Whether git runs at all.
bool brings_sources(GitStrategy strategy);

}  // namespace runner::script
