#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "runner/config/document.hpp"

/// Changes of config.toml by a program. They change the text only where it is necessary and keep
/// everything else, comments included. The functions take and return texts; edit_config() reads and
/// writes the file.
namespace runner::config {

/// One [[runners]] entry as TOML in the official form: known keys in the order of the schema, then
/// the others.
std::string format_runner(const Node& runner);

/// The text of a new file without entries.
std::string new_config_text();

/// Adds an entry at the end. kConflict when `runners` is written in a form that cannot be added to.
base::Result<std::string> append_runner(const std::string& text, const Node& runner);

/// Removes the entry and the comment lines directly above it.
base::Result<std::string> remove_runner(const std::string& text, std::size_t index);

struct TokenDates {
    std::string obtained_at;  ///< RFC 3339
    std::string expires_at;   ///< RFC 3339; "" for never
};

/// Replaces the token and its dates in an entry.
base::Result<std::string> replace_token(const std::string& text, std::size_t index,
                                        const base::Secret& token, const TokenDates& dates);

using Edit = std::function<base::Result<std::string>(const std::string& text)>;

/// Reads the file, applies `edit`, and writes the result, completely or not at all, with mode 0600
/// and the same owner, by rename or in place (base::replace_file()); a missing directory is made
/// with 0700. A lock keeps edits of several processes apart. A missing file is taken as
/// new_config_text() when `create`, else it is kNotFound. Nothing is written when the text stays
/// the same.
base::Result<void> edit_config(const std::filesystem::path& path, bool create, const Edit& edit);

/// Whether edit_config() with this edit would succeed; the file is not changed. For use before a
/// server is asked for what cannot be asked for twice. `edit` must change the text.
base::Result<void> check_edit(const std::filesystem::path& path, bool create, const Edit& edit);

/// Undoes a change that a crash has interrupted (base::end_interrupted_change()), and says so in
/// the log. For the start of the daemon, and for commands that read the file before they change it;
/// edit_config() does it first.
void undo_interrupted_edit(const std::filesystem::path& path);

}  // namespace runner::config
