#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "runner/config/config.hpp"

namespace runner::commands {

/// Reads the configuration as far as it can be read, for commands that manage its entries: a wrong
/// value in one entry must not prevent the unregistering of another. Warnings and errors are
/// logged. Tokens that could not be written into the file (daemon::KeptTokens) are in the result.
base::Result<config::Config> load_entries(const std::filesystem::path& path);

/// Writes into the file what daemon::KeptTokens has. A failure is logged: the commands that change
/// entries look at the file themselves.
void write_kept_tokens(const std::filesystem::path& path);

/// The position in `text` of an entry that was read before; address, token and name identify it.
/// kConflict when the text no longer has it.
base::Result<std::size_t> index_of(const std::string& text, const config::RunnerConfig& runner,
                                   const std::filesystem::path& path);

/// Removes one entry from the file; fails as index_of() does.
base::Result<void> remove_entry(const std::filesystem::path& path,
                                const config::RunnerConfig& runner);
/// Whether remove_entry() would succeed.
base::Result<void> check_removal(const std::filesystem::path& path,
                                 const config::RunnerConfig& runner);

}  // namespace runner::commands
