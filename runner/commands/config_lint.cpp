#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "runner/cache/make_remote_cache.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/config/inspect.hpp"
#include "runner/config/validation.hpp"

namespace runner::commands {

namespace {

using Severity = config::Finding::Severity;

std::string_view name(Severity severity) {
    switch (severity) {
        case Severity::kNote: return "note";
        case Severity::kWarning: return "warning";
        case Severity::kError: return "error";
    }
    return "";
}

nlohmann::ordered_json as_json(const config::Inspection& inspection) {
    auto findings = nlohmann::ordered_json::array();
    for (const auto& finding : inspection.findings) {
        findings.push_back({{"severity", name(finding.severity)},
                            {"line", finding.position.line},
                            {"column", finding.position.column},
                            {"text", finding.text}});
    }
    return {{"valid", !inspection.has(Severity::kWarning)},
            {"runners", inspection.config.runners.size()},
            {"findings", std::move(findings)}};
}

nlohmann::ordered_json unusable(config::Position at, const std::string& text) {
    nlohmann::ordered_json finding{{"severity", name(Severity::kError)},
                                   {"line", at.line},
                                   {"column", at.column},
                                   {"text", text}};
    return {{"valid", false}, {"runners", 0}, {"findings", {std::move(finding)}}};
}

/// Adds what is wrong with the object storages of caches. The daemon says it when a job begins:
/// a file of credentials may come after the configuration.
void add_storages(config::Inspection& inspection, const config::Node& root) {
    const auto entries = config::tables_named(root, "runners");
    const auto& runners = inspection.config.runners;
    for (std::size_t i = 0; i < std::min(entries.size(), runners.size()); ++i) {
        const auto checked = cache::check_remote_cache(runners[i]);
        if (checked) continue;
        config::Finding finding;
        finding.position = config::validation::position_of(*entries[i], "cache");
        finding.text = checked.error().message + "; caches stay on this host";
        finding.entry = i;
        inspection.findings.push_back(std::move(finding));
    }
}

base::Result<config::Inspection> inspect(const std::filesystem::path& path) {
    auto inspection = config::inspect_file(path);
    if (!inspection) return inspection;
    const auto text = config::read_config_text(path);
    if (!text) return text.error();
    // The places of the entries; a file that has changed meanwhile has none.
    if (const auto root = config::parse_toml(*text)) add_storages(*inspection, *root);
    return inspection;
}

/// For a file that cannot be read, or is no TOML.
nlohmann::ordered_json unusable(const std::filesystem::path& path) {
    const auto text = config::read_config_text(path);
    if (!text) return unusable({}, text.error().message);
    const auto root = config::parse_toml(*text);
    return root ? unusable({}, "the file has changed meanwhile: try again")
                : unusable(root.error().position, root.error().what);
}

int lint(const std::filesystem::path& path, bool for_programs) {
    auto inspection = inspect(path);
    if (!inspection && for_programs) {
        print_json(unusable(path));
        return 1;
    }
    if (!inspection) return fail(inspection.error());
    if (for_programs) {
        print_json(as_json(*inspection));
        return inspection->has(Severity::kWarning) ? 1 : 0;
    }
    for (const auto& finding : inspection->findings) {
        std::fputs(fmt::format("{}:{}:{}: {}: {}\n", path.string(), finding.position.line,
                               finding.position.column, name(finding.severity), finding.text)
                       .c_str(),
                   stdout);
    }
    if (inspection->has(Severity::kWarning)) return 1;
    std::fputs(fmt::format("{}: {} runners, nothing wrong\n", path.string(),
                           inspection->config.runners.size())
                   .c_str(),
               stdout);
    return 0;
}

int config(const Values& values) {
    const auto& words = values.words();
    if (words.size() != 1 || words.front() != "lint") {
        return fail("what shall be done with the configuration? There is `runner config lint`");
    }
    return lint(config_path(values), wants_json(values));
}

}  // namespace

Command config_command() {
    return {.name = "config",
            .summary = "check config.toml: `config lint`",
            .usage = "lint [flags]",
            .description =
                "Checks config.toml without changing it: syntax, types, unknown keys, entries that "
                "cannot work. Exit code 1 when there\n"
                "is more than notes. (`lint` by itself is about .gitlab-ci.yml.)",
            .examples =
                "  runner config lint\n"
                "  runner config lint --config ./config.toml --format json\n",
            .flags = {config_flag(), format_flag()},
            .run = config,
            .subcommands = {"lint"},
            .takes_words = true};
}

}  // namespace runner::commands
