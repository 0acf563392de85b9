#include "runner/commands/config_entries.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"

namespace runner::commands {

base::Result<config::Config> load_entries(const std::filesystem::path& path) {
    auto inspection = config::inspect_file(path);
    if (!inspection) return inspection.error();
    using Severity = config::Finding::Severity;
    for (const auto& finding : inspection->findings) {
        const std::string text = config::to_string(path, finding);
        if (finding.severity == Severity::kError) base::log::error(text);
        if (finding.severity == Severity::kWarning) base::log::warning(text);
    }
    return std::move(inspection->config);
}

base::Result<std::size_t> index_of(const std::string& text, const config::RunnerConfig& runner,
                                   const std::filesystem::path& path) {
    auto root = config::parse_toml(text, path.string());
    if (!root) return root.error();
    const auto now = config::inspect(*root, path);
    for (std::size_t i = 0; i < now.config.runners.size(); ++i) {
        const auto& other = now.config.runners[i];
        if (other.url == runner.url && other.token == runner.token && other.name == runner.name)
            return i;
    }
    return base::make_error(
        base::ErrorKind::kConflict,
        fmt::format("the entry \"{}\" is not in the file any more: somebody else changed it",
                    runner.name));
}

base::Result<void> edit_entry(const std::filesystem::path& path, const config::RunnerConfig& runner,
                              const EntryEdit& edit) {
    return config::edit_config(path, false,
                               [&](const std::string& text) -> base::Result<std::string> {
                                   auto index = index_of(text, runner, path);
                                   if (!index) return index.error();
                                   return edit(text, *index);
                               });
}

base::Result<void> remove_entry(const std::filesystem::path& path,
                                const config::RunnerConfig& runner) {
    return edit_entry(path, runner, config::remove_runner);
}

}  // namespace runner::commands
