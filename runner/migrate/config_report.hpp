#pragma once

#include <string>
#include <vector>

#include "runner/config/document.hpp"
#include "runner/config/inspect.hpp"

/// Moving a machine from the official runner to this program: what its configuration means here,
/// its cache volumes, its service.
namespace runner::migrate {

/// What a line of the official config.toml means to this program.
struct ConfigLine {
    enum class Meaning {
        kWorks,
        kDiffers,   ///< works, but not in every point as with the official runner
        kNoEffect,  ///< does nothing here
        kStops,     ///< a runner takes no jobs, or the file cannot be used
    };
    int line = 0;
    int depth = 0;    ///< of the table that the key is in
    std::string key;  ///< "concurrent", "[runners.docker]"
    Meaning meaning = Meaning::kWorks;
    std::string text;  ///< why, or in what it differs; may be empty
};

/// One entry for each key and each header of a table, in the order of the file. Pure.
std::vector<ConfigLine> report_config(const config::Node& root,
                                      const config::Inspection& inspection);

/// "works", "differs", "does nothing", "STOPS".
std::string_view name_of(ConfigLine::Meaning meaning);

}  // namespace runner::migrate
