#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/variables/collection.hpp"

namespace runner::local {

/// Reads NAME=VALUE lines. Empty lines and those that begin with # are skipped. A value is taken as
/// it is, without blanks at its ends. kInvalidInput names the line, but not its text, which may be
/// secret. `name`: the file's, for messages.
base::Result<std::vector<pipeline::variables::Variable>> parse_variables(std::string_view text,
                                                                         const std::string& name);

/// Reads secrets for a run: they are masked in logs, and do not appear in a container's
/// configuration. A value `@FILE` makes a file variable with the content of that file. kForbidden
/// when other users may read the file. `unmasked` gets the names of variables whose values are too
/// short to be masked.
base::Result<pipeline::variables::Collection> read_secrets(const std::filesystem::path& path,
                                                           std::vector<std::string>& unmasked);

}  // namespace runner::local
