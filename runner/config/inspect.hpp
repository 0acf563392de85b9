#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/config/config.hpp"
#include "runner/config/document.hpp"

namespace runner::config {

/// A problem in a configuration, or a note about it.
struct Finding {
    enum class Severity {
        kNote,     ///< harmless: a key without effect, an old form
        kWarning,  ///< probably a mistake: an unknown key, an entry that cannot work
        kError,    ///< the entry cannot be used, or the file where it is in none
    };
    enum class Kind {
        kUnknownKey,  ///< a key or table that the schema does not have
        kNoEffect,    ///< an official key or table that does nothing here
        kOther,
    };
    Severity severity = Severity::kWarning;
    Position position;
    std::string text;
    Kind kind = Kind::kOther;
    std::optional<std::size_t> entry = std::nullopt;  ///< index of the [[runners]] entry it is in
};

/// A configuration as far as it could be read, and its problems in the order of the file. A key
/// with an error keeps its default in `config`.
struct Inspection {
    Config config;
    std::vector<Finding> findings;

    /// Whether there is a finding of this severity or a worse one.
    [[nodiscard]] bool has(Finding::Severity severity) const;
};

/// "path:line:column: text".
std::string to_string(const std::filesystem::path& path, const Finding& finding);

/// Reads a document by the schema and validates it: types, unknown keys, keys without effect, and
/// the rules of validation.hpp. `path` is for messages, and for certs/ in its directory.
Inspection inspect(const Node& root, const std::filesystem::path& path);

/// inspect() of a file. kNotFound when there is none; kIo when it cannot be read; kInvalidInput for
/// what is not TOML.
base::Result<Inspection> inspect_file(const std::filesystem::path& path);

/// The text of the file. The error says how to make it readable.
base::Result<std::string> read_config_text(const std::filesystem::path& path);

}  // namespace runner::config
