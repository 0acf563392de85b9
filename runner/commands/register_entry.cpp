#include "runner/commands/register_entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/strings.hpp"
#include "runner/commands/refusals.hpp"
#include "runner/config/inspect.hpp"
#include "runner/config/schema.hpp"
#include "runner/config/value.hpp"

namespace runner::commands {

using config::Node;

namespace {

constexpr std::array<std::string_view, 3> kOurExecutors = {"docker", "shell", "custom"};
constexpr std::array<std::string_view, 8> kOtherExecutors = {
    "docker-windows", "docker+machine", "docker-autoscaler", "instance", "ssh",
    "kubernetes",     "virtualbox",     "parallels"};

template <typename Names>
bool is_in(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_list(config::Type type) {
    switch (type) {
        case config::Type::kStrings:
        case config::Type::kStringOrStrings:
        case config::Type::kStringMap:
        case config::Type::kBoolMap:
        case config::Type::kStringsMap: return true;
        default: return false;
    }
}

std::string value_word(config::Type type) {
    switch (type) {
        case config::Type::kInt:
        case config::Type::kInt64:
        case config::Type::kFloat: return "NUMBER";
        case config::Type::kDuration: return "TIME";
        case config::Type::kMemory: return "SIZE";
        case config::Type::kStringMap:
        case config::Type::kBoolMap:
        case config::Type::kStringsMap: return "NAME:VALUE";
        default: return "VALUE";
    }
}

/// Calls `visit(section, key, flag names, path within the entry)` for each key with a flag.
template <typename Visit>
void for_each_flag(Visit visit) {
    for (const auto& section : config::sections()) {
        for (const auto& key : section.keys) {
            const auto names = config::flag_names(section, key);
            if (names.empty() || key.type == config::Type::kAny) continue;
            const std::string path = config::full_path(section, key);
            visit(section, key, names, path.substr(std::string_view("runners.").size()));
        }
    }
}

/// "host=r:5000,http=true" as a [[runners.registry]] table.
base::Result<Node> registry_from(const std::string& text) {
    const auto& section = *config::find_section("runners.registry");
    Node table = Node::table();
    for (const auto& pair : base::split(text, ',')) {
        const auto equals = pair.find('=');
        const config::Key* key = config::find_key(section, pair.substr(0, equals));
        if (key == nullptr)
            return base::invalid_input(
                fmt::format("\"{}\" is not a key of [[runners.registry]]", pair.substr(0, equals)));
        auto node = config::node_from_text(
            *key, {equals == std::string::npos ? "true" : pair.substr(equals + 1)});
        if (!node) return node.error().with_context(std::string(key->name));
        table.set(std::string(key->name), std::move(*node));
    }
    return table;
}

/// The values of a flag. A single one has no space and no line break around it, which often come
/// with a value from a file or a variable; lists and scripts stay as they are.
std::vector<std::string> texts_of(const Values& values, const std::string& flag,
                                  const config::Key& key) {
    auto texts = values.list(flag);
    if (is_list(key.type) || key.name.ends_with("_script")) return texts;
    for (auto& text : texts) text = std::string(base::trim(text));
    return texts;
}

void set_missing(Node& entry, std::string_view path, Node value) {
    if (entry.at(path) == nullptr) entry.set_at(path, std::move(value));
}

void complete_docker(Node& entry) {
    for (const char* key : {"tls_verify", "privileged", "disable_entrypoint_overwrite",
                            "oom_kill_disable", "disable_cache"}) {
        set_missing(entry, std::string("docker.") + key, Node::of_boolean(false));
    }
    set_missing(entry, "docker.shm_size", Node::of_integer(0));
    set_missing(entry, "docker.network_mtu", Node::of_integer(0));
    const Node* disabled = entry.at("docker.disable_cache");
    Node volumes = Node::array({});
    if (const Node* given = entry.at("docker.volumes")) volumes = *given;
    const bool has_cache =
        std::any_of(volumes.items.begin(), volumes.items.end(),
                    [](const Node& volume) { return volume.text.ends_with("/cache"); });
    if (!has_cache && !disabled->boolean) volumes.items.push_back(Node::string("/cache"));
    entry.set_at("docker.volumes", std::move(volumes));
}

bool is_empty(const Node& node) {
    return (node.kind == Node::Kind::kString && node.text.empty()) ||
           (node.kind == Node::Kind::kArray && node.items.empty());
}

}  // namespace

std::vector<Flag> entry_flags() {
    std::vector<Flag> flags;
    for_each_flag([&](const auto& section, const auto& key, const auto& names, const auto&) {
        const auto kind = key.type == config::Type::kBool ? Flag::Kind::kBool
                          : is_list(key.type)             ? Flag::Kind::kList
                                                          : Flag::Kind::kText;
        const std::string help = key.set == nullptr ? "" : std::string(key.help);
        flags.push_back({names, kind, config::env_name(section, key), value_word(key.type), help});
    });
    flags.push_back(
        list_flag({"registry"}, "K=V,…",
                  "a [[runners.registry]] table, as host=r:5000,address=10.0.0.5,http=true"));
    return flags;
}

base::Result<Node> entry_from(const Values& values) {
    Node entry = Node::table();
    Refusals refused;
    for_each_flag([&](const auto&, const auto& key, const auto& names, const auto& path) {
        if (!values.has(names.front())) return;
        auto node = config::node_from_text(key, texts_of(values, names.front(), key));
        if (node)
            entry.set_at(path, std::move(*node));
        else
            refused.add("--" + names.front() + ": " + node.error().message);
    });
    std::vector<Node> registries;
    for (const auto& text : values.list("registry")) {
        auto table = registry_from(text);
        if (table)
            registries.push_back(std::move(*table));
        else
            refused.add("--registry: " + table.error().message);
    }
    if (const auto all = refused.outcome(); !all) return all.error();
    if (!registries.empty()) entry.set("registry", Node::array(std::move(registries)));
    return entry;
}

base::Result<Node> load_template(const std::filesystem::path& path) {
    auto text = base::Result<std::string>(config::read_config_text(path));
    if (!text) return text.error().with_context("--template-config");
    auto root = config::parse_toml(*text, path.string());
    if (!root) return root.error();
    const auto inspection = config::inspect(*root, path);
    for (const auto& finding : inspection.findings) {
        const std::string said = config::to_string(path, finding);
        if (finding.severity == config::Finding::Severity::kError) return base::invalid_input(said);
        // Warnings about a missing address or token are left out: a template has neither.
        if (finding.kind == config::Finding::Kind::kUnknownKey) base::log::warning(said);
    }
    const Node* runners = root->find("runners");
    if (runners == nullptr || runners->items.size() != 1) {
        return base::invalid_input(
            fmt::format("{}: a template has exactly one [[runners]] entry, this file has {}",
                        path.string(), runners == nullptr ? 0 : runners->items.size()));
    }
    return runners->items.front();
}

void merge_template(Node& entry, const Node& from) {
    for (const auto& [key, place, value] : from.entries) {
        Node* present = entry.find(key);
        if (present == nullptr || is_empty(*present)) {
            entry.set(key, value);
        } else if (present->is_table() && value.is_table()) {
            merge_template(*present, value);
        }
    }
}

void complete_entry(Node& entry) {
    set_missing(entry, "cache.MaxUploadedArchiveSize", Node::of_integer(0));
    for (const char* store : {"cache.s3", "cache.gcs", "cache.azure"})
        set_missing(entry, store, Node::table());
    if (text_of(entry, "executor").starts_with("docker")) complete_docker(entry);
}

base::Result<void> check_executor(const std::string& name) {
    if (is_in(kOurExecutors, name) || is_other_executor(name)) return {};
    const std::string near = base::nearest(name, {"docker", "shell", "custom"});
    return base::invalid_input(
        fmt::format("executor \"{}\" does not exist: use docker, shell or custom{}", name,
                    near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
}

bool is_other_executor(std::string_view name) { return is_in(kOtherExecutors, name); }

base::Result<void> check_image(const Node& entry) {
    if (!text_of(entry, "executor").starts_with("docker")) return {};
    if (!text_of(entry, "docker.image").empty()) return {};
    return base::invalid_input("--docker-image is missing: the image of jobs that name none");
}

std::string text_of(const Node& entry, std::string_view path) {
    const Node* node = entry.at(path);
    return node == nullptr ? "" : node->text;
}

}  // namespace runner::commands
