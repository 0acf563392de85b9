#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runner/commands/arguments.hpp"
#include "runner/config/document.hpp"

/// Makes the [[runners]] entry that `register` writes, from flags and a template. Pure, except
/// load_template(), which reads a file.
namespace runner::commands {

/// All keys that can be given by flag, from the schema.
std::vector<Flag> entry_flags();

/// The keys that were given. A failure names every flag with a wrong value, one a line.
base::Result<config::Node> entry_from(const Values& values);

/// The one entry of a template file. kInvalidInput when it has none or several, or a wrong value.
base::Result<config::Node> load_template(const std::filesystem::path& path);

/// Adds those keys of the template that the entry does not have.
void merge_template(config::Node& entry, const config::Node& from);

/// Adds the keys that the official program always writes, and /cache to the volumes.
void complete_entry(config::Node& entry);

/// kInvalidInput for a name that is no executor, of this program or of the official one.
base::Result<void> check_executor(const std::string& name);
/// An executor of the official program that this one does not have. Its entry is written all the
/// same: the file may be for the official program.
bool is_other_executor(std::string_view name);
/// kInvalidInput for an entry of a docker executor without an image.
base::Result<void> check_image(const config::Node& entry);

/// The text of a string key, "" when it is not there.
std::string text_of(const config::Node& entry, std::string_view path);

}  // namespace runner::commands
