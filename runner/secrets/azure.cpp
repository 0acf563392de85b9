#include <fmt/format.h>

#include <utility>

#include "base/json.hpp"
#include "protocol/cloud_identity/oauth_token.hpp"
#include "protocol/object_storage/request.hpp"
#include "runner/secrets/clouds.hpp"

namespace runner::secrets {

namespace http = protocol::http;
using base::ErrorKind;
using base::Result;
using base::Task;
using protocol::gitlab::AzureSecret;

namespace {

Result<void> check(const AzureSecret& secret) {
    const auto missing = [](std::string_view what, std::string_view remedy) {
        return base::invalid_input(fmt::format("{} is empty: {}", what, remedy));
    };
    if (secret.client_id.empty()) return missing("the client", "set AZURE_CLIENT_ID");
    if (secret.tenant_id.empty()) return missing("the tenant", "set AZURE_TENANT_ID");
    if (secret.jwt.empty()) return missing("the identity of the job", "give it `id_tokens`");
    if (secret.name.empty()) return missing("the name of the secret", "give `name`");
    return {};
}

/// "https://name.vault.azure.net" belongs to the scope of "vault.azure.net".
std::string scope_of(const http::Url& vault) {
    const std::string& host = vault.origin.host;
    const auto dot = host.find('.');
    return "https://" + (dot == std::string::npos ? host : host.substr(dot + 1)) + "/.default";
}

Task<Result<std::string>> access_token(ProviderCalls& calls, AzureSecret secret, std::string scope,
                                       std::string authority) {
    if (authority.empty()) authority = "https://login.microsoftonline.com";
    auto root = provider_url("AZURE_AUTHORITY_HOST of the daemon", authority);
    if (!root) co_return root.error();
    auto url = below(std::move(*root), secret.tenant_id + "/oauth2/v2.0/token");
    if (!url) co_return url.error();
    http::Request request = make_request("POST");
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = protocol::object_storage::encode_query(
        {{"client_id", secret.client_id},
         {"scope", std::move(scope)},
         {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
         {"client_assertion", secret.jwt},
         {"grant_type", "client_credentials"}});
    auto sending = calls.send(std::move(*url), std::move(request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (!is_success(*answer)) {
        co_return login_refusal(*answer, "the login of the job's identity at Microsoft Entra ID",
                                "check client, tenant and the federated credential of the "
                                "application, and `aud` of the job's id_tokens");
    }
    auto token = protocol::cloud_identity::token_in(answer->body);
    if (!token) co_return token.error().with_context("Microsoft Entra ID");
    co_return token->value.reveal();
}

ErrorKind azure_kind(unsigned status) {
    if (status == 403) return ErrorKind::kForbidden;
    if (status == 404) return ErrorKind::kInvalidInput;
    if (status == 401) return ErrorKind::kUnauthorized;
    return status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kProtocol;
}

}  // namespace

Task<Result<std::string>> read_azure(ProviderCalls& calls, AzureSecret secret,
                                     Environment environment) {
    if (auto right = check(secret); !right) co_return right.error();
    auto vault = provider_url("the address of the vault (AZURE_KEY_VAULT_SERVER_URL)", secret.url);
    if (!vault) co_return vault.error();
    const std::string path = "secrets/" + secret.name + "/" + secret.version;
    auto url = below(*vault, path);
    if (!url) co_return url.error();
    url->target += "?api-version=7.4";
    auto logging_in =
        access_token(calls, secret, scope_of(*vault), environment("AZURE_AUTHORITY_HOST"));
    auto token = co_await std::move(logging_in);
    if (!token) co_return token.error();
    http::Request request = make_request("GET");
    request.headers.set("Authorization", "Bearer " + *token);
    auto sending = calls.send(std::move(*url), std::move(request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    const std::string place = fmt::format("\"{}\" at {}", path, vault->origin.text());
    if (!is_success(*answer)) {
        co_return base::make_error(
            azure_kind(answer->status),
            fmt::format("{}: {}; check the name and the version, and that the application may get "
                        "secrets of the vault",
                        place, refusal_text(*answer)));
    }
    const auto body = object_in(*answer);
    if (!body.is_object() || !body.contains("value"))
        co_return base::make_error(ErrorKind::kNotFound, place + " has no value");
    co_return text_at(body, "value");
}

}  // namespace runner::secrets
