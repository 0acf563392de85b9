#include <fmt/format.h>

#include <utility>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "protocol/cloud_identity/aws_sts.hpp"
#include "protocol/object_storage/request.hpp"
#include "protocol/object_storage/v4.hpp"
#include "runner/secrets/clouds.hpp"

namespace runner::secrets {

namespace http = protocol::http;
namespace storage = protocol::object_storage;
namespace cloud = protocol::cloud_identity;
using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;
using protocol::gitlab::AwsSecret;

namespace {

bool is_region(const std::string& text) {
    return !text.empty() &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

Result<void> check(const AwsSecret& secret) {
    const auto missing = [](std::string_view what, std::string_view remedy) {
        return base::invalid_input(fmt::format("{} is empty: {}", what, remedy));
    };
    if (secret.region.empty()) return missing("the region", "set AWS_REGION, or `region`");
    if (!is_region(secret.region))
        return base::invalid_input(fmt::format("\"{}\" is not a region of AWS", secret.region));
    if (secret.jwt.empty()) {
        return missing("the identity of the job",
                       "give it `id_tokens`, and the secret `token: $NAME_OF_THE_ID_TOKEN`; this "
                       "runner's own identity is not used for secrets");
    }
    if (secret.role_arn.empty()) return missing("the role", "set AWS_ROLE_ARN, or `role_arn`");
    if (secret.secret_id.empty()) return missing("the secret's id", "give `secret_id`");
    return {};
}

Result<http::Url> manager_url(const Environment& environment, const std::string& region) {
    for (const char* name : {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"}) {
        const std::string value = environment(name);
        if (!value.empty()) return provider_url(std::string(name) + " of the daemon", value);
    }
    const char* const domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    return http::parse_url(fmt::format("https://secretsmanager.{}.{}/", region, domain));
}

Task<Result<storage::AwsCredentials>> assume_role(ProviderCalls& calls, AwsSecret secret,
                                                  Environment environment) {
    auto url =
        provider_url("the address of AWS's STS", cloud::sts_address(environment, secret.region));
    if (!url) co_return url.error();
    http::Request request = make_request("POST");
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = cloud::web_identity_form(secret.role_arn, secret.session_name, secret.jwt);
    auto sending = calls.send(std::move(*url), std::move(request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (!is_success(*answer)) {
        co_return login_refusal(
            *answer, fmt::format("AWS does not give the role {}", secret.role_arn),
            "check the role's trust policy, the identity provider, and `aud` of the job's "
            "id_tokens");
    }
    auto credentials = cloud::sts_credentials_in(answer->body);
    if (!credentials) co_return credentials.error();
    co_return std::move(credentials->value);
}

http::Request signed_request(const http::Url& url, const AwsSecret& secret,
                             const storage::AwsCredentials& credentials) {
    json wish{{"SecretId", secret.secret_id}};
    if (!secret.version_id.empty()) wish["VersionId"] = secret.version_id;
    if (!secret.version_stage.empty()) wish["VersionStage"] = secret.version_stage;
    const std::string body = base::dump_json(wish);
    storage::Request request;
    request.method = "POST";
    request.origin = url.origin;
    request.headers = {{"content-type", "application/x-amz-json-1.1"},
                       {"x-amz-target", "secretsmanager.GetSecretValue"}};
    http::Request out = storage::to_http(
        storage::sign_aws(std::move(request), credentials, secret.region, "secretsmanager",
                          base::unix_micros_now() / 1'000'000, body));
    out.body = body;
    return out;
}

/// AWS says 400 for most of what it refuses; the code tells what it is.
base::Error refusal(const http::Response& answer, const AwsSecret& secret) {
    std::string code = text_at(object_in(answer), "__type");
    if (const auto hash = code.rfind('#'); hash != std::string::npos) code.erase(0, hash + 1);
    ErrorKind kind = answer.status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kProtocol;
    std::string_view remedy = "check the fields of the secret";
    if (code == "ResourceNotFoundException") {
        kind = ErrorKind::kInvalidInput;
        remedy = "check the secret's id, its version and the region";
    } else if (code == "AccessDeniedException") {
        kind = ErrorKind::kForbidden;
        remedy =
            "the role needs secretsmanager:GetSecretValue, and kms:Decrypt for a key of its own";
    }
    return base::make_error(kind, fmt::format("\"{}\" in {}: {}; {}", secret.secret_id,
                                              secret.region, refusal_text(answer), remedy));
}

Result<std::string> field_of(const std::string& text, const AwsSecret& secret) {
    const json object = base::parse_foreign_json(text);
    const auto problem = [&](std::string_view what) {
        return base::invalid_input(fmt::format("\"{}\" {}: check `field`", secret.secret_id, what));
    };
    if (!object.is_object()) return problem("is not a JSON object");
    const auto value = object.find(secret.field);
    if (value == object.end()) return problem(fmt::format("has no key \"{}\"", secret.field));
    if (value->is_string()) return value->get<std::string>();
    if (value->is_number() || value->is_boolean()) return base::dump_json(*value);
    return problem(fmt::format("has no text, number or boolean at the key \"{}\"", secret.field));
}

}  // namespace

Task<Result<std::string>> read_aws(ProviderCalls& calls, AwsSecret secret,
                                   Environment environment) {
    if (auto right = check(secret); !right) co_return right.error();
    auto assuming = assume_role(calls, secret, environment);
    auto credentials = co_await std::move(assuming);
    if (!credentials) co_return credentials.error();
    auto url = manager_url(environment, secret.region);
    if (!url) co_return url.error();
    url->target = "/";
    http::Request request = signed_request(*url, secret, *credentials);
    auto sending = calls.send(std::move(*url), std::move(request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (!is_success(*answer)) co_return refusal(*answer, secret);
    const json body = object_in(*answer);
    const auto found = body.is_object() ? body.find("SecretString") : body.end();
    // The bytes of a binary secret come as base64, and stay so.
    std::string value =
        found != body.end() ? text_at(body, "SecretString") : text_at(body, "SecretBinary");
    if (found == body.end() && value.empty()) {
        co_return base::make_error(ErrorKind::kNotFound,
                                   fmt::format("\"{}\" has no value", secret.secret_id));
    }
    if (!secret.field.empty()) co_return field_of(value, secret);
    co_return std::move(value);
}

}  // namespace runner::secrets
