#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "runner/config/document.hpp"

/// Changes of config.toml by a program. They touch the text where they must and leave everything
/// else as a person wrote it, comments included. Texts in, texts out; edit_config() does the file
/// work.
namespace runner::config {

/// One [[runners]] entry as TOML in the official shape: known keys in the order of the schema,
/// others behind them.
std::string format_runner(const Node& runner);

/// What a new file begins with.
std::string new_config_text();

/// Adds an entry at the end. kConflict when `runners` is written in a form that cannot be added to.
base::Result<std::string> append_runner(const std::string& text, const Node& runner);

/// Takes the entry out, with the comment lines right above it.
base::Result<std::string> remove_runner(const std::string& text, std::size_t index);

struct TokenDates {
    std::string obtained_at;  ///< RFC 3339
    std::string expires_at;   ///< RFC 3339; "" for never
};

/// Replaces the token and its dates in an entry.
base::Result<std::string> replace_token(const std::string& text, std::size_t index,
                                        const base::Secret& token, const TokenDates& dates);

using Edit = std::function<base::Result<std::string>(const std::string& text)>;

/// Reads the file, applies `edit`, and writes the result: at once or not at all, 0600, its
/// directory made with 0700, the owner kept. Edits of several processes follow one another. A
/// missing file is new_config_text() when `create`, else kNotFound. Nothing is written when the
/// text stays the same.
base::Result<void> edit_config(const std::filesystem::path& path, bool create, const Edit& edit);

}  // namespace runner::config
