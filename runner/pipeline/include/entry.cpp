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

std::optional<Problem> check_integrity(const Value& map, Kind kind) {
    const Value* integrity = map.given("integrity");
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

std::optional<Problem> check_rules(const Value& map) {
    const Value* rules = map.given("rules");
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

Problem no_location(const std::string& shown, Mark mark) {
    return {fmt::format("`{}` does not have a valid subkey for include. Valid subkeys are: {}",
                        shown, kLocationNames),
            mark};
}

Checked<Entry> parse_map(const Value& map) {
    Entry entry;
    entry.mark = map.mark();
    const LocationKey* chosen = nullptr;
    int given = 0;
    for (const LocationKey& location : kLocationKeys) {
        const Value* written = map.find(location.key);
        if (written == nullptr || written->is_blank()) continue;
        ++given;
        if (chosen == nullptr) chosen = &location;
    }
    if (given > 1) {
        return Problem{fmt::format("Each include must use only one of: {}", kLocationNames),
                       map.mark()};
    }
    if (chosen == nullptr) return no_location(yaml::to_json(map), map.mark());
    entry.kind = chosen->kind;
    if (auto problem = check_integrity(map, entry.kind)) return *problem;
    if (auto problem = check_rules(map)) return *problem;
    const Value& location = *map.find(chosen->key);
    entry.location = yaml::interpolated(location);
    entry.is_text = location.is_string();
    const auto text = [&](const char* key) {
        const Value* value = map.given(key);
        return value == nullptr ? std::string{} : value->to_text();
    };
    entry.ref = text("ref");
    entry.integrity = text("integrity");
    if (const Value* inputs = map.given("inputs")) entry.inputs = *inputs;
    if (const Value* rules = map.given("rules")) entry.rules = *rules;
    return entry;
}

/// A project include may list several files. Each becomes an entry.
std::vector<Entry> per_file(const Entry& entry, const Value& map) {
    if (entry.kind != Kind::kProject) return {entry};
    std::vector<Entry> entries;
    const Value* file = map.given("file");
    const auto add = [&](const Value& name) {
        Entry one = entry;
        one.project = entry.location;
        one.location = yaml::interpolated(name);
        one.is_text = name.is_string();
        entries.push_back(std::move(one));
    };
    if (file != nullptr && file->is_list()) {
        for (const Value& name : file->items()) add(name);
    } else if (file != nullptr) {
        add(*file);
    }
    return entries;
}

/// An entry that is only a text names a local file.
std::string to_json_of_local(const Value& text) {
    yaml::Map map;
    map.set(Value::string("local"), text);
    return yaml::to_json(Value::map(std::move(map)));
}

Entry from_text(const Value& text) {
    Entry entry;
    entry.mark = text.mark();
    entry.location = text.as_string();
    entry.kind = is_url(entry.location) ? Kind::kRemote : Kind::kLocal;
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
    // GitLab does not accept a name that is only an extension (".yml").
    const std::string name = base::to_lower(path.substr(path.rfind('/') + 1));
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0) return false;
    const std::string ending = name.substr(dot);
    return ending == ".yml" || ending == ".yaml";
}

Checked<std::vector<Entry>> parse_entries(const Value& include) {
    std::vector<Entry> entries;
    const yaml::List items = include.is_list() ? include.items() : yaml::List{include};
    for (const Value& item : items) {
        if (item.is_null()) continue;
        if (item.is_string()) {
            if (item.is_blank()) return no_location(to_json_of_local(item), item.mark());
            entries.push_back(from_text(item));
        } else if (item.is_map()) {
            auto entry = parse_map(item);
            if (!entry) return entry.error();
            for (Entry& one : per_file(*entry, item)) entries.push_back(std::move(one));
        } else {
            return Problem{"Each include must be a hash or a string", item.mark()};
        }
    }
    return entries;
}

}  // namespace runner::pipeline::include
