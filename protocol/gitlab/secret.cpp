#include "protocol/gitlab/secret.hpp"

#include "protocol/gitlab/json_reader.hpp"

namespace protocol::gitlab {

namespace {

/// The value of the first key that has one.
std::string first_text(const JsonReader& own, const JsonReader& server, const std::string& key) {
    std::string value = own.text(key);
    return value.empty() ? server.text(key) : value;
}

VaultPlace read_place(const JsonReader& item) {
    const JsonReader engine = item.object("engine");
    return {.engine = engine.text("name"),
            .engine_path = engine.text("path"),
            .path = item.text("path"),
            .field = item.text("field")};
}

VaultSecret read_vault(const JsonReader& item) {
    const JsonReader server = item.object("server");
    const JsonReader auth = server.object("auth");
    const JsonReader data = auth.object("data");
    return {.url = server.text("url"),
            .name_space = server.text("namespace"),
            .auth_name = auth.text("name"),
            .auth_path = auth.text("path"),
            .jwt = data.text_or_number("jwt"),
            .role = data.text_or_number("role"),
            .place = read_place(item)};
}

GitLabSecret read_gitlab(const JsonReader& item) {
    const JsonReader server = item.object("server");
    const JsonReader auth = server.object("inline_auth");
    GitLabSecret secret{.url = server.text("url"),
                        .login_path = auth.text("path"),
                        .jwt = auth.text("jwt"),
                        .role = auth.text("role"),
                        .place = read_place(item)};
    // The form of older servers.
    if (secret.login_path.empty()) secret.login_path = "auth/" + auth.text("auth_mount") + "/login";
    return secret;
}

GcpSecret read_gcp(const JsonReader& item) {
    const JsonReader server = item.object("server");
    return {.name = item.text("name"),
            .version = item.text_or_number("version"),
            .project_number = server.text_or_number("project_number"),
            .pool_id = server.text("workload_identity_federation_pool_id"),
            .provider_id = server.text("workload_identity_federation_provider_id"),
            .jwt = server.text("jwt")};
}

AzureSecret read_azure(const JsonReader& item) {
    const JsonReader server = item.object("server");
    return {.name = item.text("name"),
            .version = item.text("version"),
            .client_id = server.text("client_id"),
            .tenant_id = server.text("tenant_id"),
            .jwt = server.text("jwt"),
            .url = server.text("url")};
}

AwsSecret read_aws(const JsonReader& item) {
    const JsonReader server = item.object("server");
    return {.secret_id = item.text("secret_id"),
            .version_id = item.text("version_id"),
            .version_stage = item.text("version_stage"),
            .field = item.text("field"),
            .region = first_text(item, server, "region"),
            .role_arn = first_text(item, server, "role_arn"),
            .session_name = first_text(item, server, "role_session_name"),
            .jwt = server.text("jwt")};
}

Secret read_secret(std::string variable, const JsonReader& item) {
    Secret secret{.variable = std::move(variable)};
    if (item.has("file")) secret.file = item.boolean("file");
    if (item.has("vault")) {
        secret.source = read_vault(item.object("vault"));
    } else if (item.has("gcp_secret_manager")) {
        secret.source = read_gcp(item.object("gcp_secret_manager"));
    } else if (item.has("azure_key_vault")) {
        secret.source = read_azure(item.object("azure_key_vault"));
    } else if (item.has("aws_secrets_manager")) {
        secret.source = read_aws(item.object("aws_secrets_manager"));
    } else if (item.has("gitlab_secrets_manager")) {
        secret.source = read_gitlab(item.object("gitlab_secrets_manager"));
    } else {
        for (const std::string& key : item.keys()) {
            if (key == "file") continue;
            if (!secret.unknown_providers.empty()) secret.unknown_providers += ", ";
            secret.unknown_providers += key;
        }
    }
    return secret;
}

}  // namespace

std::vector<Secret> read_secrets(const JsonReader& secrets) {
    std::vector<Secret> out;
    for (const std::string& variable : secrets.keys())
        out.push_back(read_secret(variable, secrets.object(variable)));
    return out;
}

}  // namespace protocol::gitlab
