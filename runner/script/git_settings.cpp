#include "runner/script/git_settings.hpp"

#include <algorithm>

#include "base/strings.hpp"

namespace runner::script {

std::string quoted_flags(const std::string& flags) {
    std::string out;
    std::string word;
    for (const char c : flags + " ") {
        if (c != ' ' && c != '\t' && c != '\n') {
            word += c;
            continue;
        }
        if (!word.empty()) out += " " + shell_quote(word);
        word.clear();
    }
    return out;
}

std::string git_clean_command(const Variables& variables) {
    std::string flags = variables.get("GIT_CLEAN_FLAGS");
    if (flags == "none") return {};
    if (flags.empty()) flags = "-ffdx";
    return "git clean" + quoted_flags(flags);
}

base::Result<void> check_git_settings(const ScriptContext& context) {
    const auto& git = context.payload().git_info;
    if (git.sha.empty() || git.repo_url.empty()) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "the server named no repository or commit to check out "
                                "(git_info.repo_url, git_info.sha)");
    }
    const auto& variables = context.variables();
    const std::string mode = variables.get("GIT_SUBMODULE_STRATEGY");
    if (!mode.empty() && mode != "none" && mode != "normal" && mode != "recursive") {
        return base::make_error(
            base::ErrorKind::kConfiguration,
            "unknown GIT_SUBMODULE_STRATEGY \"" + mode + "\": use none, normal or recursive");
    }
    const auto paths = base::split(variables.get("GIT_SUBMODULE_PATHS"), ' ');
    if (std::find(paths.begin(), paths.end(), ":(exclude)") != paths.end()) {
        return base::make_error(base::ErrorKind::kConfiguration,
                                "GIT_SUBMODULE_PATHS: no space may stand behind \":(exclude)\"");
    }
    return {};
}

}  // namespace runner::script
