#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/config/config.hpp"

namespace runner::commands {

/// Reads the configuration as far as it can be read, for commands that manage its entries: a wrong
/// value in one entry must not prevent the unregistering of another. Warnings and errors are
/// logged.
base::Result<config::Config> load_entries(const std::filesystem::path& path);

/// The position in `text` of an entry that was read before; address, token and name identify it.
/// kConflict when the text no longer has it.
base::Result<std::size_t> index_of(const std::string& text, const config::RunnerConfig& runner,
                                   const std::filesystem::path& path);

using EntryEdit =
    std::function<base::Result<std::string>(const std::string& text, std::size_t index)>;
/// Changes one entry in the file; fails as index_of() does.
base::Result<void> edit_entry(const std::filesystem::path& path, const config::RunnerConfig& runner,
                              const EntryEdit& edit);
base::Result<void> remove_entry(const std::filesystem::path& path,
                                const config::RunnerConfig& runner);

}  // namespace runner::commands
