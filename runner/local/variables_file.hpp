#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/variables/collection.hpp"

namespace runner::local {

/// NAME=VALUE lines; empty ones and those that begin with # are skipped. The value is taken as it
/// is, blanks at its ends aside. kInvalidInput names the line, not what is in it.
base::Result<std::vector<pipeline::variables::Variable>> parse_variables(std::string_view text,
                                                                         const std::string& name);

/// Secrets for a run: masked wherever they appear, and not in a container's configuration. `@FILE`
/// as a value makes a file variable with that file's content. kForbidden when others may read the
/// file. `unmasked` gets the names whose values are too short to be masked.
base::Result<pipeline::variables::Collection> read_secrets(const std::filesystem::path& path,
                                                           std::vector<std::string>& unmasked);

}  // namespace runner::local
