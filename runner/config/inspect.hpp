#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/config/config.hpp"
#include "runner/config/document.hpp"

namespace runner::config {

/// Something to say about a configuration.
struct Finding {
    enum class Severity {
        kNote,     ///< harmless: a key without effect here, an old form
        kWarning,  ///< a slip that changes what happens: an unknown key, an entry that cannot work
        kError,    ///< the file cannot be used
    };
    Severity severity = Severity::kWarning;
    Position place;
    std::string text;
};

/// A configuration as far as it could be read, and all that is wrong with it, in the order of the
/// file. What has an error keeps its default in `config`.
struct Inspection {
    Config config;
    std::vector<Finding> findings;

    /// Whether there is a finding of this severity or a worse one.
    [[nodiscard]] bool has(Finding::Severity severity) const;
};

/// "path:line:column: text".
std::string to_string(const std::filesystem::path& path, const Finding& finding);

/// Reads a document by the schema: types, unknown keys, keys without effect, and the rules of
/// single values. `path` is for sentences and for certs/ beside it.
Inspection inspect(const Node& root, const std::filesystem::path& path);

/// The same for a file. kNotFound when there is none; kIo when it cannot be read; kInvalidInput for
/// what is not TOML.
base::Result<Inspection> inspect_file(const std::filesystem::path& path);

/// The file's text, with a sentence that names the remedy when it cannot be read.
base::Result<std::string> read_config_text(const std::filesystem::path& path);

}  // namespace runner::config
