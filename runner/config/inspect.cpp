#include "runner/config/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "runner/config/schema.hpp"
#include "runner/config/validation.hpp"
#include "runner/config/value.hpp"

namespace runner::config {

namespace {

std::string_view last_part(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string header_of(const Section& section) {
    if (section.path.empty()) return "the top of the file";
    return section.repeated ? fmt::format("[[{}]]", section.path)
                            : fmt::format("[{}]", section.path);
}

class Loader {
  public:
    Loader(Config& config, std::vector<Finding>& findings) : config_(config), report_(findings) {}

    void read_table(const Section& section, const Node& table, bool quiet) {
        if (!quiet && !section.no_effect.empty() && says_something(section, table)) {
            report_.no_effect(table.begin, fmt::format("{} has no effect: {}", header_of(section),
                                                       section.no_effect));
        }
        const bool silent = quiet || !section.no_effect.empty();
        for (const auto& entry : table.entries) read_entry(section, entry, silent);
    }

  private:
    void read_entry(const Section& section, const Node::Entry& entry, bool quiet) {
        if (const Key* key = find_key(section, entry.key)) {
            read_key(section, *key, entry, quiet);
        } else if (const Section* child = find_child(section, entry.key)) {
            read_child(*child, entry, quiet);
        } else {
            report_.unknown_key(entry.position, unknown(section, entry.key));
        }
    }

    void read_key(const Section& section, const Key& key, const Node::Entry& entry, bool quiet) {
        auto value = read_value(key, entry.value);
        if (!value) {
            const std::string text =
                fmt::format("{}: {}", full_path(section, key), value.error().message);
            // A wrong value of an ignored key does no harm.
            if (key.set == nullptr)
                report_.warning(entry.value.begin, text);
            else
                report_.error(entry.value.begin, text);
            return;
        }
        if (key.set != nullptr) key.set(config_, *value);
        if (quiet || is_default(key, entry.value) || key.set != nullptr) return;
        report_.no_effect(entry.position,
                          fmt::format("{} has no effect{}{}", full_path(section, key),
                                      key.help.empty() ? "" : ": ", key.help));
    }

    void read_child(const Section& child, const Node::Entry& entry, bool quiet) {
        const Node& node = entry.value;
        if (!child.repeated) {
            if (node.is_table()) return read_table(child, node, quiet);
            report_.error(node.begin, fmt::format("{}: expected a table ({}), got {}", child.path,
                                                  header_of(child), describe(node.kind)));
            return;
        }
        const bool all_tables = node.kind == Node::Kind::kArray &&
                                std::all_of(node.items.begin(), node.items.end(),
                                            [](const Node& n) { return n.is_table(); });
        if (!all_tables) {
            report_.error(entry.position,
                          fmt::format("{}: expected tables ({}), got {}", child.path,
                                      header_of(child), describe(node.kind)));
            return;
        }
        for (const auto& item : node.items) read_item(child, item, quiet);
    }

    void read_item(const Section& child, const Node& item, bool quiet) {
        if (child.path == "runners") {
            report_.enter(config_.runners.size());
            config_.runners.emplace_back();
            read_table(child, item, quiet);
            validation::check_runner(config_, config_.runners.back(), item, report_);
            report_.enter(std::nullopt);
            return;
        }
        if (child.path == "runners.docker.services") {
            config_.runners.back().docker.services.emplace_back();
        } else if (child.path == "runners.registry") {
            config_.runners.back().registries.emplace_back();
        } else if (child.path == "runners.monitoring.job_queuing_durations") {
            config_.runners.back().queuing_durations.emplace_back();
        }
        read_table(child, item, quiet);
    }

    [[nodiscard]] static bool says_something(const Section& section, const Node& table) {
        return std::any_of(table.entries.begin(), table.entries.end(),
                           [&](const Node::Entry& entry) {
                               if (const Key* key = find_key(section, entry.key))
                                   return !is_default(*key, entry.value);
                               const Section* child = find_child(section, entry.key);
                               return child != nullptr && entry.value.is_table() &&
                                      says_something(*child, entry.value);
                           });
    }

    /// Names the table that has this key, or suggests the most similar name of this table.
    [[nodiscard]] static std::string unknown(const Section& section, const std::string& name) {
        std::string text =
            fmt::format("unknown key \"{}\" in {} is ignored", name, header_of(section));
        for (const auto& other : sections()) {
            if (!other.no_effect.empty() || other.path == section.path) continue;
            const Key* key = find_key(other, name);
            const bool is_clear = other.path == "runners" || name.size() > 3;
            if (key != nullptr && is_clear)
                return text + fmt::format("; it belongs in {}", header_of(other));
        }
        for (const auto& other : sections()) {
            if (other.path.empty() || !base::iequals(last_part(other.path), name)) continue;
            return text + fmt::format("; write it as {}{}", header_of(other),
                                      other.path.starts_with("runners.")
                                          ? " below the [[runners]] entry that it is for"
                                          : "");
        }
        std::vector<std::string> names;
        for (const auto& key : section.keys) names.emplace_back(key.name);
        for (const auto& other : sections()) {
            if (find_child(section, last_part(other.path)) == &other)
                names.emplace_back(last_part(other.path));
        }
        const std::string near = base::nearest(name, names);
        return near.empty() ? text : text + fmt::format("; did you mean \"{}\"?", near);
    }

    Config& config_;
    validation::Reporter report_;
};

}  // namespace

bool Inspection::has(Finding::Severity severity) const {
    return std::any_of(findings.begin(), findings.end(),
                       [severity](const Finding& finding) { return finding.severity >= severity; });
}

std::string to_string(const std::filesystem::path& path, const Finding& finding) {
    if (finding.position.line == 0) return fmt::format("{}: {}", path.string(), finding.text);
    return fmt::format("{}:{}:{}: {}", path.string(), finding.position.line,
                       finding.position.column, finding.text);
}

Inspection inspect(const Node& root, const std::filesystem::path& path) {
    Inspection inspection;
    inspection.config.path = path;
    Loader loader(inspection.config, inspection.findings);
    loader.read_table(*find_section(""), root, false);
    validation::apply_defaults(inspection.config);
    validation::Reporter report(inspection.findings);
    validation::check_whole(inspection.config, root, report);
    std::stable_sort(
        inspection.findings.begin(), inspection.findings.end(),
        [](const Finding& a, const Finding& b) { return a.position.line < b.position.line; });
    for (const auto& finding : inspection.findings) {
        const std::string text = to_string(path, finding);
        if (finding.severity != Finding::Severity::kError) {
            inspection.config.warnings.push_back(text);
        } else if (finding.entry) {
            std::string& problem = inspection.config.runners.at(*finding.entry).problem;
            problem += (problem.empty() ? "" : "\n") + text;
        }
    }
    return inspection;
}

base::Result<std::string> read_config_text(const std::filesystem::path& path) {
    auto text = base::read_file(path);
    if (text) return text;
    const int code = text.error().code.value();
    if (code == ENOENT || code == ENOTDIR) {
        return base::make_error(
            base::ErrorKind::kNotFound,
            fmt::format("the configuration file {} does not exist: make it with `runner "
                        "register`, or name another with --config",
                        path.string()));
    }
    base::Error error = text.error();
    if (code == EACCES || code == EPERM) {
        error.message = fmt::format(
            "the configuration file {} may not be read by this user: run as its owner "
            "(with sudo for the system's), or name another with --config",
            path.string());
    } else if (code == EISDIR) {
        error.message = fmt::format(
            "the configuration file {} is a directory: name the file in it with --config",
            path.string());
    } else {
        error.message = fmt::format("the configuration file cannot be read: {}", error.message);
    }
    return error;
}

base::Result<Inspection> inspect_file(const std::filesystem::path& path) {
    auto text = read_config_text(path);
    if (!text) return text.error();
    auto root = parse_toml(*text, path.string());
    if (!root) return root.error();
    return inspect(*root, path);
}

base::Result<Config> load_config(const std::filesystem::path& path) {
    auto inspection = inspect_file(path);
    if (!inspection) return inspection.error();
    std::vector<std::string> errors;
    for (const auto& finding : inspection->findings) {
        if (finding.severity == Finding::Severity::kError && !finding.entry)
            errors.push_back(to_string(path, finding));
    }
    if (errors.empty()) return std::move(inspection->config);
    return base::make_error(base::ErrorKind::kInvalidInput, base::join(errors, "\n"));
}

}  // namespace runner::config
