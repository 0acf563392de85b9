#include "runner/script/git_strategy.hpp"

namespace runner::script {

std::optional<GitStrategy> parse_git_strategy(std::string_view text) {
    if (text == "clone") return GitStrategy::kClone;
    if (text == "fetch") return GitStrategy::kFetch;
    if (text == "none") return GitStrategy::kNone;
    if (text == "empty") return GitStrategy::kEmpty;
    return std::nullopt;
}

GitStrategy git_strategy(const Variables& variables, bool allow_git_fetch) {
    const auto wanted = allow_git_fetch ? GitStrategy::kFetch : GitStrategy::kClone;
    return parse_git_strategy(variables.get("GIT_STRATEGY")).value_or(wanted);
}

bool brings_sources(GitStrategy strategy) {
    return strategy == GitStrategy::kClone || strategy == GitStrategy::kFetch;
}

}  // namespace runner::script
