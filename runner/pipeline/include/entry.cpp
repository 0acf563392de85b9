#include "runner/pipeline/include/entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::include {

using yaml::Map;
using yaml::Value;

namespace {

/// A key that says where the file is, and the kind of include it means.
struct LocationKey {
    std::string_view key;
    Kind kind;
};
constexpr std::array<LocationKey, 6> kLocationKeys{{{"local", Kind::kLocal},
                                                    {"project", Kind::kProject},
                                                    {"remote", Kind::kRemote},
                                                    {"template", Kind::kTemplate},
                                                    {"artifact", Kind::kArtifact},
                                                    {"component", Kind::kComponent}}};
constexpr std::string_view kLocationNames =
    "`local`, `project`, `remote`, `template`, `artifact`, `component`";

std::optional<Problem> check_integrity(const Value& location, Kind kind) {
    const Value* integrity = location.given("integrity");
    if (integrity == nullptr) return std::nullopt;
    const auto problem = [&](std::string_view text) {
        return Problem{"include config " + std::string(text), integrity->mark()};
    };
    if (kind != Kind::kRemote) {
        return problem("integrity can only be specified for remote includes");
    }
    const std::string text = integrity->to_text();
    if (!text.starts_with("sha256-")) return problem("integrity hash must start with 'sha256-'");
    if (!keywords::is_base64(std::string_view(text).substr(7))) {
        return problem("integrity hash must be base64 encoded");
    }
    return std::nullopt;
}

Value with(const Value& location, std::string_view key, const Value& value) {
    Map map = location.entries();
    map.set(Value::string(std::string(key)), value);
    return Value::map(std::move(map), location.mark());
}

/// The text of a path without the slashes at its beginning, as GitLab takes it.
std::string relative_path(const Value* path) {
    const std::string text = path == nullptr ? std::string{} : yaml::interpolated(*path);
    return text.substr(std::min(text.find_first_not_of('/'), text.size()));
}

bool is_blank_text(const std::string& text) { return Value::string(text).is_blank(); }

std::string project_of(const Value& location) {
    const Value* project = location.given("project");
    if (project == nullptr) return {};
    if (!project->is_list()) return yaml::interpolated(*project);
    return project->items().empty() ? std::string{} : yaml::interpolated(project->items().front());
}

/// Whether the location says where a file of this kind is.
bool names(const Value& location, const LocationKey& key) {
    if (key.kind == Kind::kLocal) return !is_blank_text(relative_path(location.given("local")));
    if (key.kind == Kind::kProject) {
        return !is_blank_text(relative_path(location.given("file"))) &&
               !is_blank_text(project_of(location));
    }
    const Value* written = location.find(key.key);
    return written != nullptr && !written->is_blank();
}

/// The location as JSON. Rails writes these characters as codes, for texts that get into HTML.
std::string shown(const Value& location) {
    std::string out;
    for (const char c : yaml::to_json(location)) {
        switch (c) {
            case '&': out += "\\u0026"; break;
            case '<': out += "\\u003c"; break;
            case '>': out += "\\u003e"; break;
            default: out += c;
        }
    }
    return out;
}

Entry entry_of(const Value& location, const LocationKey& key) {
    Entry entry;
    entry.kind = key.kind;
    entry.mark = location.mark();
    const bool is_path = key.kind == Kind::kLocal || key.kind == Kind::kProject;
    const Value* file = location.find(key.kind == Kind::kProject ? "file" : key.key);
    entry.location = is_path ? relative_path(file) : yaml::interpolated(*file);
    entry.is_text = is_path || file->is_string();
    const auto text = [&](const char* name) {
        const Value* value = location.given(name);
        return value == nullptr ? std::string{} : value->to_text();
    };
    if (key.kind == Kind::kProject) entry.project = project_of(location);
    entry.ref = text("ref");
    entry.integrity = text("integrity");
    if (const Value* inputs = location.given("inputs")) entry.inputs = *inputs;
    if (const Value* rules = location.given("rules")) entry.rules = *rules;
    return entry;
}

}  // namespace

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::kLocal: return "local";
        case Kind::kProject: return "file";
        case Kind::kRemote: return "remote";
        case Kind::kTemplate: return "template";
        case Kind::kComponent: return "component";
        case Kind::kArtifact: return "artifact";
    }
    return "";
}

bool is_url(std::string_view text) {
    return (text.starts_with("http://") || text.starts_with("https://")) &&
           text.find("://") + 3 < text.size();
}

bool has_yaml_extension(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    // GitLab does not accept a name that is only an extension (".yml").
    const std::string name = base::to_lower(path.substr(path.rfind('/') + 1));
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0) return false;
    const std::string ending = name.substr(dot);
    return ending == ".yml" || ending == ".yaml";
}

Checked<std::vector<Value>> locations_of(const Value& include, const Expand& expand) {
    std::vector<Value> locations;
    const yaml::List items = include.is_list() ? include.items() : yaml::List{include};
    for (const Value& item : items) {
        if (item.is_null()) continue;
        if (item.is_string()) {
            // A variable may hide that this is a URL.
            const std::string text = expand(item.as_string());
            locations.push_back(with(Value::map({}, item.mark()), is_url(text) ? "remote" : "local",
                                     Value::string(text, item.mark())));
        } else if (item.is_map()) {
            locations.push_back(item);
        } else {
            return Problem{"Each include must be a hash or a string", item.mark()};
        }
    }
    return locations;
}

std::optional<Problem> check_rules(const Value& location) {
    const Value* rules = location.given("rules");
    if (rules == nullptr) return std::nullopt;
    keywords::Report report;
    const keywords::KeyPath include{nullptr, "include"};
    if (!rules->is_list()) {
        return Problem{"include rules should be an array of hashes", rules->mark()};
    }
    // GitLab's key path for these rules does not contain "rules".
    const keywords::KeyPath unnamed{&include, ""};
    if (rules->items().empty()) {
        return Problem{"include:rules config can't be blank", rules->mark()};
    }
    keywords::check_rules(*rules, keywords::RuleScope::kInclude, unnamed, report);
    if (report.problems().empty()) return std::nullopt;
    return report.problems().front();
}

std::vector<Value> per_file(const Value& location) {
    const Value* file = location.given("file");
    if (file == nullptr) return {};
    if (!file->is_list()) return {location};
    std::vector<Value> locations;
    for (const Value& name : file->items()) locations.push_back(with(location, "file", name));
    return locations;
}

Value with_path(const Value& location, const std::string& path) {
    return with(location, "local", Value::string(path, location.mark()));
}

Value with_expanded_texts(const Value& location, const Expand& expand) {
    const auto expanded = [&](const Value& value) {
        return value.is_string() ? Value::string(expand(value.as_string()), value.mark()) : value;
    };
    Map map;
    for (const auto& [key, value] : location.entries()) {
        if (!value.is_list()) {
            map.set(key, expanded(value));
            continue;
        }
        yaml::List items;
        for (const Value& item : value.items()) items.push_back(expanded(item));
        map.set(key, Value::list(std::move(items), value.mark()));
    }
    return Value::map(std::move(map), location.mark());
}

Checked<Entry> match_location(const Value& location) {
    const LocationKey* chosen = nullptr;
    for (const LocationKey& key : kLocationKeys) {
        if (!names(location, key)) continue;
        if (chosen != nullptr) {
            return Problem{fmt::format("Each include must use only one of: {}", kLocationNames),
                           location.mark()};
        }
        chosen = &key;
    }
    if (chosen == nullptr) {
        return Problem{
            fmt::format("`{}` does not have a valid subkey for include. Valid subkeys are: {}",
                        shown(location), kLocationNames),
            location.mark()};
    }
    if (auto problem = check_integrity(location, chosen->kind)) return *problem;
    return entry_of(location, *chosen);
}

}  // namespace runner::pipeline::include
