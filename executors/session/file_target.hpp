#pragma once

#include <string>

namespace executors::session {

/// A file to write into the environment.
struct FileTarget {
    std::string path;
    unsigned mode = 0;   ///< 0: 0644
    std::string user{};  ///< who writes it, as StageCommand::user; "": the supervisor's own
    /// When it is a zip, so many cores may unpack it beside `path` while it comes, for the request
    /// "extract" of executors/helper/files_command.hpp; 0: none.
    unsigned unpack = 0;
};

}  // namespace executors::session
