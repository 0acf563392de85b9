#include <fmt/format.h>

#include <boost/crc.hpp>
#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "protocol/cloud_identity/oauth_token.hpp"
#include "runner/secrets/clouds.hpp"

namespace runner::secrets {

namespace http = protocol::http;
using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;
using protocol::gitlab::GcpSecret;

namespace {

constexpr const char* kProvider = "Google Cloud";

Result<void> check(const GcpSecret& secret) {
    const auto missing = [](std::string_view what, std::string_view remedy) {
        return base::invalid_input(fmt::format("{} is empty: {}", what, remedy));
    };
    if (secret.project_number.empty())
        return missing("the project's number", "set GCP_PROJECT_NUMBER");
    if (secret.pool_id.empty()) {
        return missing("the pool of workload identities",
                       "set GCP_WORKLOAD_IDENTITY_FEDERATION_POOL_ID");
    }
    if (secret.provider_id.empty()) {
        return missing("the provider of workload identities",
                       "set GCP_WORKLOAD_IDENTITY_FEDERATION_PROVIDER_ID");
    }
    if (secret.jwt.empty()) return missing("the identity of the job", "give it `id_tokens`");
    if (secret.name.empty()) return missing("the name of the secret", "give `name`");
    return {};
}

http::Request exchange_of(const GcpSecret& secret) {
    const json body{
        {"audience",
         fmt::format("//iam.googleapis.com/projects/{}/locations/global/workloadIdentityPools/{}/"
                     "providers/{}",
                     secret.project_number, secret.pool_id, secret.provider_id)},
        {"grantType", "urn:ietf:params:oauth:grant-type:token-exchange"},
        {"requestedTokenType", "urn:ietf:params:oauth:token-type:access_token"},
        {"scope", "https://www.googleapis.com/auth/cloud-platform"},
        {"subjectToken", secret.jwt},
        {"subjectTokenType", "urn:ietf:params:oauth:token-type:id_token"}};
    http::Request request = make_request("POST");
    request.headers.set("Content-Type", "application/json");
    request.body = base::dump_json(body);
    return request;
}

Task<Result<std::string>> access_token(ProviderCalls& calls, GcpSecret secret) {
    auto url = http::parse_url("https://sts.googleapis.com/v1/token");
    if (!url) co_return url.error();
    auto sending = calls.send(std::move(*url), exchange_of(secret));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (!is_success(*answer)) {
        co_return login_refusal(*answer, "the exchange of the job's identity at Google Cloud",
                                "check project number, pool and provider, and `aud` of the job's "
                                "id_tokens");
    }
    auto token = protocol::cloud_identity::token_in(answer->body);
    if (!token) co_return token.error().with_context("Google Cloud");
    co_return token->value.reveal();
}

/// CRC-32C, which the answer has beside the value.
std::uint32_t checksum(const std::string& bytes) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

Result<std::string> value_in(const json& body) {
    const json payload = body.is_object() ? body.value("payload", json()) : json();
    if (!payload.is_object() || !payload.contains("data"))
        return base::make_error(ErrorKind::kNotFound, "the version has no value");
    auto value = base::base64_decode(text_at(payload, "data"));
    if (!value) return base::make_error(ErrorKind::kProtocol, "the value is not base64");
    const std::string wanted = text_at(payload, "dataCrc32c");
    if (!wanted.empty() && wanted != std::to_string(checksum(*value)))
        return base::make_error(ErrorKind::kProtocol, "the value was damaged on its way");
    return std::move(*value);
}

ErrorKind gcp_kind(unsigned status) {
    if (status == 403) return ErrorKind::kForbidden;
    if (status == 404) return ErrorKind::kInvalidInput;
    return status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kProtocol;
}

}  // namespace

Task<Result<std::string>> read_gcp(ProviderCalls& calls, GcpSecret secret) {
    if (auto right = check(secret); !right) co_return right.error();
    auto exchanging = access_token(calls, secret);
    auto token = co_await std::move(exchanging);
    if (!token) co_return token.error();
    const std::string version = secret.version.empty() ? "latest" : secret.version;
    const std::string name = fmt::format("projects/{}/secrets/{}/versions/{}",
                                         secret.project_number, secret.name, version);
    auto root = http::parse_url("https://secretmanager.googleapis.com");
    if (!root) co_return root.error();
    auto url = below(std::move(*root), "v1/" + name);
    if (!url) co_return url.error();
    url->target += ":access";
    http::Request request = make_request("GET");
    request.headers.set("Authorization", "Bearer " + *token);
    auto sending = calls.send(std::move(*url), std::move(request));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    if (!is_success(*answer)) {
        co_return base::make_error(
            gcp_kind(answer->status),
            fmt::format("{} \"{}\": {}; check the name and the version, and that the identity has "
                        "the role Secret Manager Secret Accessor",
                        kProvider, name, refusal_text(*answer)));
    }
    auto value = value_in(object_in(*answer));
    if (!value) co_return value.error().with_context(fmt::format("{} \"{}\"", kProvider, name));
    co_return std::move(value);
}

}  // namespace runner::secrets
