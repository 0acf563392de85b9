#pragma once

#include <string>
#include <vector>

namespace runner::script {

/// Patterns of "git for-each-ref" for the refs of earlier fetches that cannot be beside those which
/// `refspecs` make: git cannot have both "a" and "a/b". Pure.
std::vector<std::string> conflicting_refs(const std::vector<std::string>& refspecs);

}  // namespace runner::script
