#include "runner/commands/config_entries.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "runner/config/edit.hpp"
#include "runner/config/inspect.hpp"
#include "runner/daemon/kept_tokens.hpp"

namespace runner::commands {

namespace {

config::Edit removal_of(const config::RunnerConfig& runner, const std::filesystem::path& path) {
    return [&runner, &path](const std::string& text) -> base::Result<std::string> {
        auto index = index_of(text, runner, path);
        if (!index) return index.error();
        return config::remove_runner(text, *index);
    };
}

}  // namespace

base::Result<config::Config> load_entries(const std::filesystem::path& path) {
    config::undo_interrupted_edit(path);
    auto inspection = config::inspect_file(path);
    if (!inspection) return inspection.error();
    using Severity = config::Finding::Severity;
    for (const auto& finding : inspection->findings) {
        const std::string text = config::to_string(path, finding);
        if (finding.severity == Severity::kError) base::log::error(text);
        if (finding.severity == Severity::kWarning) base::log::warning(text);
    }
    daemon::KeptTokens::beside(path).use_in(inspection->config);
    return std::move(inspection->config);
}

void write_kept_tokens(const std::filesystem::path& path) {
    auto kept = daemon::KeptTokens::beside(path);
    if (kept.empty()) return;
    if (auto written = kept.write_into(path); !written) {
        base::log::error("A new token still cannot be written into the configuration",
                         {{"error", written.error().message}});
    }
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

base::Result<void> remove_entry(const std::filesystem::path& path,
                                const config::RunnerConfig& runner) {
    return config::edit_config(path, false, removal_of(runner, path));
}

base::Result<void> check_removal(const std::filesystem::path& path,
                                 const config::RunnerConfig& runner) {
    return config::check_edit(path, false, removal_of(runner, path));
}

}  // namespace runner::commands
