#include "executors/docker/engine_config.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

#include "base/encoding.hpp"
#include "base/ip_address.hpp"
#include "base/json.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/pull_sources.hpp"

namespace executors::docker {

using nlohmann::json;

namespace {

base::Error bad_source(const ConfigSource& source, const std::string& why) {
    return base::make_error(base::ErrorKind::kConfiguration,
                            source.origin + " cannot be used: " + why);
}

bool is_blank(const std::string& text) {
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

/// Without the port; an IPv6 address stands in brackets.
std::string host_of(const std::string& registry) {
    const auto end = registry.starts_with("[") ? registry.find(']') : registry.find(':');
    return registry.starts_with("[") ? registry.substr(1, end - 1) : registry.substr(0, end);
}

void append_missing(json& list, const json& more) {
    for (const auto& item : more) {
        if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
    }
}

/// Objects are merged key by key; lists are joined, theirs first; any other value is theirs.
void merge_into(json& target, const json& theirs) {
    for (const auto& item : theirs.items()) {
        json& mine = target[item.key()];
        if (mine.is_object() && item.value().is_object()) {
            merge_into(mine, item.value());
        } else if (mine.is_array() && item.value().is_array()) {
            json joined = item.value();
            append_missing(joined, mine);
            mine = std::move(joined);
        } else {
            mine = item.value();
        }
    }
}

bool has_flag(const std::vector<std::string>& flags, const std::string& name) {
    return std::any_of(flags.begin(), flags.end(), [&](const std::string& flag) {
        return flag == name || flag.starts_with(name + "=");
    });
}

void append_missing(toml::array& list, const toml::node& item) {
    const bool known = std::any_of(list.begin(), list.end(), [&](const toml::node& present) {
        return toml::node_view<const toml::node>(present) ==
               toml::node_view<const toml::node>(item);
    });
    if (!known) list.push_back(item);
}

/// The same merge for TOML.
void merge_tables(toml::table& target, const toml::table& theirs) {
    for (const auto& [key, value] : theirs) {
        auto* mine = target.get(key);
        if (mine != nullptr && mine->is_table() && value.is_table()) {
            merge_tables(*mine->as_table(), *value.as_table());
        } else if (mine != nullptr && mine->is_array() && value.is_array()) {
            toml::array joined = *value.as_array();
            for (const toml::node& item : *mine->as_array()) append_missing(joined, item);
            target.insert_or_assign(key, std::move(joined));
        } else {
            target.insert_or_assign(key, value);
        }
    }
}

toml::table& registry_table(toml::table& root, const std::string& host) {
    if (!root.contains("registry")) root.insert("registry", toml::table{});
    auto& registries = *root["registry"].as_table();
    if (!registries.contains(host)) registries.insert(host, toml::table{});
    return *registries[host].as_table();
}

/// BuildKit asks a registry with `http` and `insecure` over TLS first, and uses plain HTTP only
/// when the answer to that begins with a status line. `http` alone is asked over HTTP at once.
void keep_plain_registry_plain(toml::table& root, const std::string& host) {
    auto* registry = root["registry"][host].as_table();
    if (registry == nullptr || !(*registry)["http"].value_or(false)) return;
    registry->erase("insecure");
}

void declare_registry(toml::table& root, const DeclaredRegistry& registry) {
    const auto& settings = registry.settings;
    const bool plain = settings.http || settings.insecure || !registry.ca_pem.empty();
    if (plain) {
        auto& table = registry_table(root, settings.host);
        if (settings.http) table.insert_or_assign("http", true);
        if (settings.insecure) table.insert_or_assign("insecure", true);
        if (!registry.ca_pem.empty()) {
            table.insert_or_assign("ca", toml::array{registry_ca_path(settings.host)});
        }
    }
    if (!settings.mirror_of.empty()) {
        auto& table = registry_table(root, registry_path(settings.mirror_of));
        if (!table.contains("mirrors")) table.insert("mirrors", toml::array{});
        append_missing(*table["mirrors"].as_array(), toml::value<std::string>(settings.host));
    }
}

}  // namespace

base::Result<std::string> merge_daemon_json(const std::vector<DeclaredRegistry>& registries,
                                            int mtu, const std::vector<std::string>& flags,
                                            const std::vector<ConfigSource>& sources) {
    json merged = json::object();
    if (mtu > 0 && !has_flag(flags, "--mtu")) merged["mtu"] = mtu;
    json insecure = json::array();
    json mirrors = json::array();
    for (const auto& registry : registries) {
        const auto& settings = registry.settings;
        if (settings.http || settings.insecure)
            append_missing(insecure, json::array({settings.host}));
        if (is_mirror_of(settings, "docker.io")) {
            const std::string scheme = settings.http ? "http://" : "https://";
            append_missing(mirrors, json::array({scheme + settings.host}));
        }
    }
    if (!insecure.empty() && !has_flag(flags, "--insecure-registry")) {
        merged["insecure-registries"] = insecure;
    }
    if (!mirrors.empty() && !has_flag(flags, "--registry-mirror")) {
        merged["registry-mirrors"] = mirrors;
    }
    for (const auto& source : sources) {
        if (is_blank(source.text)) continue;
        const json theirs = base::parse_foreign_json(source.text);
        if (!theirs.is_object()) return bad_source(source, "it is not a JSON object");
        merge_into(merged, theirs);
    }
    return merged.empty() ? std::string() : merged.dump(2) + "\n";
}

base::Result<std::string> merge_buildkitd_toml(const std::vector<DeclaredRegistry>& registries,
                                               const std::vector<ConfigSource>& sources) {
    toml::table merged;
    for (const auto& registry : registries) declare_registry(merged, registry);
    for (const auto& source : sources) {
        try {
            merge_tables(merged, toml::parse(source.text));
        } catch (const toml::parse_error& error) {
            return bad_source(source, "line " + std::to_string(error.source().begin.line) + ": " +
                                          std::string(error.description()));
        }
    }
    for (const auto& registry : registries) {
        if (registry.settings.http) keep_plain_registry_plain(merged, registry.settings.host);
    }
    if (merged.empty()) return std::string();
    std::ostringstream text;
    text << merged << "\n";
    return text.str();
}

base::Result<std::string> merge_docker_config(const RegistryAuth& auth, const ConfigSource& image) {
    json config = json::object();
    if (!is_blank(image.text)) {
        config = base::parse_foreign_json(image.text);
        if (!config.is_object()) return bad_source(image, "it is not a JSON object");
        const auto auths = config.find("auths");
        if (auths != config.end() && auths->is_null()) config.erase(auths);
        if (config.contains("auths") && !config["auths"].is_object()) {
            return bad_source(image, "its \"auths\" is not a JSON object");
        }
    }
    for (const auto& [path, found] : auth.all()) {
        const Credential& credential = found.credential;
        if (credential.password.empty() && credential.identity_token.empty()) continue;
        const std::string key = auth_table_key(path);
        const bool own = found.source == "$DOCKER_AUTH_CONFIG";
        if (!own && config.contains("auths") && config["auths"].contains(key)) continue;
        json entry = {{"auth", auth_table_value(credential)}};
        if (!credential.identity_token.empty()) {
            entry["identitytoken"] = credential.identity_token.reveal();
        }
        config["auths"][key] = std::move(entry);
    }
    if (config.empty()) return std::string();
    return base::dump_json(config, 2) + "\n";
}

std::vector<std::string> registry_hosts(const std::vector<RegistrySettings>& registries) {
    std::vector<std::string> hosts;
    for (const auto& registry : registries) {
        if (registry.address.empty()) continue;
        const std::string host = host_of(registry.host);
        if (base::is_ip_address(host)) continue;  // needs no name
        const std::string entry = host + ":" + registry.address;
        if (std::find(hosts.begin(), hosts.end(), entry) == hosts.end()) hosts.push_back(entry);
    }
    return hosts;
}

std::vector<std::string> direct_hosts(const std::vector<RegistrySettings>& registries) {
    std::vector<std::string> hosts{"docker"};
    const auto add = [&](const std::string& host) {
        if (host.empty() || std::find(hosts.begin(), hosts.end(), host) != hosts.end()) return;
        hosts.push_back(host);
    };
    for (const auto& registry : registries) {
        const bool is_private = registry.http || registry.insecure || !registry.ca_file.empty() ||
                                !registry.address.empty();
        if (!is_private) continue;
        add(host_of(registry.host));
        add(registry.address);
    }
    return hosts;
}

std::string registry_ca_path(const std::string& host) {
    return "/etc/docker/certs.d/" + host + "/ca.crt";
}

}  // namespace executors::docker
