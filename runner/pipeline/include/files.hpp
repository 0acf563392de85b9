#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::include {

/// A file that took part in a configuration. Its index in the list is what Mark::file says.
struct File {
    std::string name;     ///< as messages call it
    std::string content;  ///< for showing the offending line
};

/// One line of the lint answer's `includes`.
struct Included {
    std::string type;
    std::string location;
    std::string extra;  ///< project of a file include, "" otherwise
    std::string ref;
    yaml::Value inputs;  ///< as written; null: none
    yaml::Value rules;
};

}  // namespace runner::pipeline::include
