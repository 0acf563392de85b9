#include "executors/docker/registry_auth.hpp"

#include <array>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "executors/docker/docker_reference.hpp"
#include "executors/docker/engine_json.hpp"

namespace executors::docker {

using nlohmann::json;

namespace {

constexpr std::string_view kHubKey = "https://index.docker.io/v1/";

base::Error bad_auth(const std::string& why) {
    return base::make_error(base::ErrorKind::kInvalidInput, why);
}

base::Result<Credential> parse_entry(const std::string& key, const json& entry) {
    Credential credential;
    credential.username = text_at(entry, "username");
    credential.password = base::Secret(text_at(entry, "password"));
    credential.identity_token = base::Secret(text_at(entry, "identitytoken"));
    const std::string packed = text_at(entry, "auth");
    if (packed.empty()) return credential;
    const auto plain = base::base64_decode(packed);
    const auto colon = plain ? plain->find(':') : std::string::npos;
    if (colon == std::string::npos) {
        return bad_auth("the \"auth\" of " + key + " is not the base64 of user:password");
    }
    credential.username = plain->substr(0, colon);
    std::string password = plain->substr(colon + 1);
    while (!password.empty() && password.back() == '\0') password.pop_back();
    credential.password = base::Secret(std::move(password));
    return credential;
}

}  // namespace

std::string registry_path(std::string_view key) {
    std::string_view rest = key;
    bool url = false;
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (rest.starts_with(scheme)) {
            rest.remove_prefix(scheme.size());
            url = true;
        }
    }
    const auto slash = rest.find('/');
    std::string host = base::to_lower(rest.substr(0, slash));
    if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io";
    if (url || slash == std::string_view::npos) return host;
    std::string path(rest.substr(slash));
    while (!path.empty() && path.back() == '/') path.pop_back();
    if (host == "docker.io" && path == "/v1") path.clear();
    return host + path;
}

base::Result<DockerAuthFile> parse_docker_auth(std::string_view text) {
    const json value = base::parse_foreign_json(text);
    if (!value.is_object()) return bad_auth("it is not a JSON object");
    DockerAuthFile file;
    // ~/.dockercfg is the table itself.
    const bool bare =
        !value.contains("auths") && !value.contains("credsStore") && !value.contains("credHelpers");
    for (const auto& item : (bare ? value : object_at(value, "auths")).items()) {
        if (!item.value().is_object()) continue;
        if (bare && !item.value().contains("auth")) continue;
        auto entry = parse_entry(item.key(), item.value());
        if (!entry) return entry.error();
        if (entry->username.empty() && entry->identity_token.empty()) continue;
        file.auths[registry_path(item.key())] = *entry;
    }
    file.store = text_at(value, "credsStore");
    for (const auto& [host, helper] : labels_at(value, "credHelpers")) {
        file.helpers[registry_path(host)] = helper;
    }
    return file;
}

void RegistryAuth::add(const std::string& source, const std::string& path, Credential credential) {
    entries_.try_emplace(path, Found{source, std::move(credential), path});
}

void RegistryAuth::add_all(const std::string& source,
                           const std::map<std::string, Credential>& credentials) {
    for (const auto& [path, credential] : credentials) add(source, path, credential);
}

std::optional<RegistryAuth::Found> RegistryAuth::find(std::string_view image) const {
    auto reference = parse_reference(image);
    if (!reference || reference->is_id) return std::nullopt;
    std::string path = reference->host + "/" + reference->path;
    while (true) {
        if (const auto found = entries_.find(path); found != entries_.end()) return found->second;
        const auto slash = path.rfind('/');
        if (slash == std::string::npos) return std::nullopt;
        path.resize(slash);
    }
}

base::Secret registry_auth_header(const Credential& credential, std::string_view server) {
    json body = json::object();
    if (!credential.identity_token.empty()) {
        body["identitytoken"] = credential.identity_token.reveal();
    } else {
        body["username"] = credential.username;
        body["password"] = credential.password.reveal();
    }
    body["serveraddress"] = server;
    return base::Secret(base::base64url_encode(base::dump_json(body)));
}

std::string auth_table_key(const std::string& path) {
    return path == "docker.io" ? std::string(kHubKey) : path;
}

std::string auth_table_value(const Credential& credential) {
    return base::base64_encode(credential.username + ":" + credential.password.reveal());
}

}  // namespace executors::docker
