#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

/// The keywords that jobs inherit from `default` and from the deprecated global keywords.
struct Defaults {
    std::map<std::string, yaml::Value, std::less<>> values;
    /// The problems of each value. GitLab prints them again for every job that inherits the value.
    std::map<std::string, Problems, std::less<>> problems;
};

/// The keywords that `default` may have, in the order in which GitLab checks them.
extern const Names kDefaultKeywords;

/// Whether the job inherits the default of this keyword when it does not have the keyword itself.
bool inherits_default(const yaml::Value& job, std::string_view keyword);

}  // namespace runner::pipeline::keywords
