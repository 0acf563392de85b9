#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "runner/commands/arguments.hpp"
#include "runner/config/document.hpp"

/// From flags and a template to the [[runners]] entry that `register` writes. Values in, values
/// out; only load_template reads a file.
namespace runner::commands {

/// All keys that can be given by flag, from the schema.
std::vector<Flag> entry_flags();

/// The keys that were given. A failure names the flag.
base::Result<config::Node> entry_from(const Values& values);

/// The one entry of a template file. kInvalidInput when it has none or several, or a wrong value.
base::Result<config::Node> load_template(const std::filesystem::path& path);

/// Fills in what the entry does not say yet.
void merge_template(config::Node& entry, const config::Node& from);

/// What the official program writes without being asked, /cache among the volumes included.
void complete_entry(config::Node& entry);

/// The text of a string key, "" when it is not there.
std::string text_of(const config::Node& entry, std::string_view path);

}  // namespace runner::commands
