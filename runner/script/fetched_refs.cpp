#include "runner/script/fetched_refs.hpp"

#include <string_view>

namespace runner::script {

namespace {

constexpr std::string_view kBegin = "refs/";

/// A pattern with a bracket stands for one ref. Without it, it would stand for all below it, too.
std::string only(std::string_view ref) { return "[r]" + std::string(ref.substr(1)); }

}  // namespace

std::vector<std::string> conflicting_refs(const std::vector<std::string>& refspecs) {
    std::vector<std::string> patterns;
    for (const std::string& refspec : refspecs) {
        const auto colon = refspec.find(':');
        if (colon == std::string::npos) continue;
        const std::string ref = refspec.substr(colon + 1);
        // For a pattern, git itself removes what the server has no more (--prune).
        if (!ref.starts_with(kBegin) || ref.find('*') != std::string::npos) continue;
        patterns.push_back(ref + "/");
        for (auto slash = ref.find('/', kBegin.size()); slash != std::string::npos;
             slash = ref.find('/', slash + 1)) {
            patterns.push_back(only(ref.substr(0, slash)));
        }
    }
    return patterns;
}

}  // namespace runner::script
