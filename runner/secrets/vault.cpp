#include "runner/secrets/vault.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace runner::secrets {

namespace http = protocol::http;
namespace gitlab = protocol::gitlab;
using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

Result<void> check_place(const gitlab::VaultPlace& place) {
    if (place.engine != "kv-v1" && place.engine != "kv-v2" && place.engine != "generic") {
        return base::invalid_input(fmt::format(
            "the engine \"{}\" is not known: kv-v1, kv-v2 and generic are", place.engine));
    }
    if (place.path.empty()) return base::invalid_input("the secret's path is empty");
    if (place.field.empty()) return base::invalid_input("the secret's field is empty");
    return {};
}

std::string path_of(const gitlab::VaultPlace& place) {
    const char* const between = place.engine == "kv-v2" ? "/data/" : "/";
    return place.engine_path + between + place.path;
}

/// A refusal of Vault. It says 400 and 403 for what the job asks and the policies of its role.
ErrorKind vault_kind(unsigned status) {
    if (status == 404) return ErrorKind::kNotFound;
    if (status == 400 || status == 401 || status == 403) return ErrorKind::kForbidden;
    return status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kProtocol;
}

std::string_view remedy_of(ErrorKind kind, std::string_view for_refused) {
    if (kind == ErrorKind::kForbidden) return for_refused;
    if (kind == ErrorKind::kUnavailable) return "is the server unsealed and healthy?";
    return "is the address that of the server's API?";
}

Result<std::string> field_in(const json& body, const gitlab::VaultPlace& place) {
    const auto missing = [&](std::string_view what) {
        return base::make_error(
            ErrorKind::kNotFound,
            fmt::format("{} \"{}\" has no {}", place.engine, path_of(place), what));
    };
    auto data = body.find("data");
    if (data == body.end() || !data->is_object()) return missing("data");
    if (place.engine == "kv-v2") {
        const auto inner = data->find("data");
        if (inner == data->end() || !inner->is_object()) return missing("data (is it deleted?)");
        data = inner;
    }
    const auto value = data->find(place.field);
    if (value == data->end() || value->is_null())
        return missing(fmt::format("field \"{}\"", place.field));
    return value->is_string() ? value->get<std::string>() : base::dump_json(*value);
}

std::string without_padding(std::string text) {
    while (text.ends_with('=')) text.pop_back();
    return text;
}

/// One parameter of an inline login.
void add_parameter(http::Headers& headers, const std::string& name, const std::string& value) {
    const json parameter{{"key", name}, {"value", value}};
    headers.set("X-Vault-Inline-Auth-Parameter-" + name,
                without_padding(base::base64url_encode(base::dump_json(parameter))));
}

http::Headers own_headers(const std::string& name_space) {
    http::Headers headers;
    headers.set("X-Vault-Request", "true");
    headers.set("Accept", "application/json");
    if (!name_space.empty()) headers.set("X-Vault-Namespace", name_space);
    return headers;
}

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 307 || status == 308;
}

}  // namespace

Task<Result<http::Response>> VaultReader::send(Url url, http::Request request) {
    auto sending = calls_.send(url, request);
    auto answer = co_await std::move(sending);
    if (!answer || !is_redirect(answer->status)) co_return std::move(answer);
    auto next = http::resolve_reference(url, answer->headers.get("Location"));
    if (!next) co_return next.error().with_context("the server's redirect");
    const bool worse =
        url.origin.scheme == http::Scheme::kHttps && next->origin.scheme != http::Scheme::kHttps;
    if (worse || next->origin.scheme == http::Scheme::kUnix) {
        co_return base::make_error(ErrorKind::kProtocol,
                                   "the server redirects to an address without TLS");
    }
    auto again = calls_.send(std::move(*next), std::move(request));
    auto second = co_await std::move(again);
    co_return std::move(second);
}

Task<Result<std::string>> VaultReader::log_in(gitlab::VaultSecret secret, Url server) {
    const std::vector<std::string> key{secret.url,       secret.name_space, secret.auth_path,
                                       secret.auth_name, secret.role,       secret.jwt};
    if (const auto known = tokens_.find(key); known != tokens_.end()) co_return known->second;
    const std::string path = "auth/" + secret.auth_path + "/login";
    auto url = below(std::move(server), "v1/" + path);
    if (!url) co_return url.error();
    json login{{"jwt", secret.jwt}};
    if (!secret.role.empty()) login["role"] = secret.role;
    http::Request request = make_request("PUT", own_headers(secret.name_space));
    request.headers.set("Content-Type", "application/json");
    request.body = base::dump_json(login);
    auto sending = send(std::move(*url), std::move(request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    const std::string doing = fmt::format("the login at \"{}\"{}", path,
                                          secret.role.empty() ? "" : " as \"" + secret.role + "\"");
    if (!is_success(*answer)) {
        // No auth method is mounted there, which is not a secret that is missing.
        const auto kind =
            answer->status == 404 ? ErrorKind::kForbidden : vault_kind(answer->status);
        co_return base::make_error(
            kind, fmt::format("{} was refused: {}; {}", doing, refusal_text(*answer),
                              remedy_of(kind,
                                        "check the path of the auth method, its role, and "
                                        "`aud` of the job's id_tokens")));
    }
    const json body = object_in(*answer);
    std::string token = body.is_object() ? text_at(body.value("auth", json()), "client_token") : "";
    if (token.empty()) {
        co_return base::make_error(
            ErrorKind::kProtocol,
            doing + " brought no token: is the address that of the server's API?");
    }
    tokens_[key] = token;
    co_return std::move(token);
}

Task<Result<std::string>> VaultReader::read_field(Url server, gitlab::VaultPlace place,
                                                  http::Headers headers) {
    const std::string path = path_of(place);
    auto url = below(std::move(server), "v1/" + path);
    if (!url) co_return url.error();
    http::Request request = make_request("GET", std::move(headers));
    auto sending = send(std::move(*url), std::move(request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (answer->headers.has("X-Vault-Inline-Auth-Failed")) {
        co_return base::make_error(
            answer->status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kForbidden,
            fmt::format("the login was refused: {}; is the secrets manager set up for this "
                        "project and branch?",
                        refusal_text(*answer)));
    }
    if (answer->status == 404) {
        co_return base::make_error(ErrorKind::kNotFound,
                                   fmt::format("{} \"{}\": {}; check the path of the engine and of "
                                               "the secret, and the engine's version",
                                               place.engine, path, refusal_text(*answer)));
    }
    if (!is_success(*answer)) {
        const auto kind = vault_kind(answer->status);
        co_return base::make_error(
            kind, fmt::format("{} \"{}\": {}; {}", place.engine, path, refusal_text(*answer),
                              remedy_of(kind, "do the policies of the role allow to read it?")));
    }
    const json body = object_in(*answer);
    if (!body.is_object()) {
        co_return base::make_error(
            ErrorKind::kProtocol, fmt::format("{} \"{}\": the answer is not JSON; {}", place.engine,
                                              path, remedy_of(ErrorKind::kProtocol, "")));
    }
    co_return field_in(body, place);
}

Task<Result<std::string>> VaultReader::read(gitlab::VaultSecret secret) {
    if (auto right = check_place(secret.place); !right) co_return right.error();
    auto server = provider_url("the address of the Vault server (VAULT_SERVER_URL)", secret.url);
    if (!server) co_return server.error();
    if (secret.auth_name != "jwt") {
        co_return base::invalid_input(
            fmt::format("the auth method \"{}\" is not known: only jwt is", secret.auth_name));
    }
    if (secret.jwt.empty()) {
        co_return base::invalid_input(
            "the job has no identity for the server: give it `id_tokens`, and the secret "
            "`token: $NAME_OF_THE_ID_TOKEN`");
    }
    auto logging_in = log_in(secret, *server);
    auto token = co_await std::move(logging_in);
    if (!token) co_return token.error();
    http::Headers headers = own_headers(secret.name_space);
    headers.set("X-Vault-Token", *token);
    auto reading = read_field(std::move(*server), std::move(secret.place), std::move(headers));
    auto value = co_await std::move(reading);
    co_return std::move(value);
}

Task<Result<std::string>> VaultReader::read(gitlab::GitLabSecret secret) {
    if (auto right = check_place(secret.place); !right) co_return right.error();
    auto server = provider_url("the address of GitLab Secrets Manager", secret.url);
    if (!server) co_return server.error();
    if (secret.login_path.empty() || secret.jwt.empty() || secret.role.empty()) {
        co_return base::invalid_input(
            "GitLab sent no complete login (path, jwt and role): is the secrets manager of the "
            "project set up?");
    }
    http::Headers headers = own_headers("");
    headers.set("X-Vault-Inline-Auth-Path", secret.login_path);
    headers.set("X-Vault-Inline-Auth-Operation", "update");
    add_parameter(headers, "jwt", secret.jwt);
    add_parameter(headers, "role", secret.role);
    auto reading = read_field(std::move(*server), std::move(secret.place), std::move(headers));
    auto value = co_await std::move(reading);
    co_return std::move(value);
}

}  // namespace runner::secrets
