#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/config/config.hpp"

namespace runner::commands {

/// The configuration as far as it can be read, for commands that look after its entries: a wrong
/// value in one entry does not keep an admin from unregistering another. Warnings and errors are
/// logged.
base::Result<config::Config> load_entries(const std::filesystem::path& path);

/// Finds the entry again that was read before (by address and token) in the text under edit.
base::Result<std::size_t> index_of(const std::string& text, const config::RunnerConfig& runner,
                                   const std::filesystem::path& path);

using EntryEdit =
    std::function<base::Result<std::string>(const std::string& text, std::size_t index)>;
/// Changes one entry in the file.
base::Result<void> edit_entry(const std::filesystem::path& path, const config::RunnerConfig& runner,
                              const EntryEdit& edit);
base::Result<void> remove_entry(const std::filesystem::path& path,
                                const config::RunnerConfig& runner);

}  // namespace runner::commands
