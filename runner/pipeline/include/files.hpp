#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::include {

/// A file of a configuration. Mark::file is an index into the list of these.
struct File {
    std::string name;     ///< the name that messages use
    std::string content;  ///< the text, from which messages show a line
};

/// One element of `includes` in the answer of the CI Lint API.
struct Included {
    std::string type;
    std::string location;
    std::string project;  ///< of a project include; "" otherwise
    std::string ref;
    yaml::Value inputs;  ///< as in the file; null: none
    yaml::Value rules;   ///< as in the file; null: none
};

}  // namespace runner::pipeline::include
