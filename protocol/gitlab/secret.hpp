#pragma once

#include <string>
#include <variant>
#include <vector>

/// `secrets` of the job payload: where the values of variables are, and with which identity they
/// are fetched (runner-protocol.md §2.7.13). All texts may name variables, but for those of
/// GitLabSecret. A plain value; `jwt` is a token and must not be shown.
namespace protocol::gitlab {

/// The engine of HashiCorp Vault or OpenBao that has a secret, and where in it.
struct VaultPlace {
    std::string engine;       ///< kv-v1, kv-v2 or generic
    std::string engine_path;  ///< where the engine is mounted
    std::string path;
    std::string field;
};

struct VaultSecret {
    std::string url;
    std::string name_space;
    std::string auth_name;  ///< jwt
    std::string auth_path;  ///< where the auth method is mounted
    std::string jwt;
    std::string role;
    VaultPlace place;
};

/// GitLab Secrets Manager: an OpenBao that is asked with the login in the request itself.
struct GitLabSecret {
    std::string url;
    std::string login_path;  ///< "auth/…/login"
    std::string jwt;
    std::string role;
    VaultPlace place;
};

struct GcpSecret {
    std::string name;
    std::string version;
    std::string project_number;
    std::string pool_id;
    std::string provider_id;
    std::string jwt;
};

struct AzureSecret {
    std::string name;
    std::string version;  ///< "": the newest
    std::string client_id;
    std::string tenant_id;
    std::string jwt;
    std::string url;
};

struct AwsSecret {
    std::string secret_id;
    std::string version_id;
    std::string version_stage;
    std::string field;  ///< of a secret that is a JSON object; "": the whole text
    std::string region;
    std::string role_arn;
    std::string session_name;
    std::string jwt;
};

struct Secret {
    std::string variable;
    bool file = true;
    /// monostate: none of the providers that are known.
    std::variant<std::monostate, VaultSecret, GitLabSecret, GcpSecret, AzureSecret, AwsSecret>
        source{};
    std::string unknown_providers{};  ///< the keys that are there in the place of a known one
};

class JsonReader;

/// In the order of the variables' names.
std::vector<Secret> read_secrets(const JsonReader& secrets);

}  // namespace protocol::gitlab
