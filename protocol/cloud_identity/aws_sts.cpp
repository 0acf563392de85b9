#include "protocol/cloud_identity/aws_sts.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/random.hpp"
#include "base/strings.hpp"
#include "protocol/http/url.hpp"
#include "protocol/object_storage/error_body.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;
using object_storage::Fields;

namespace {

constexpr const char* kLifetimeSeconds = "3600";

std::string new_session_name() { return "runner-cache-" + base::random_hex(8); }

Fields form_of(std::string action, const std::string& role_arn, std::string session) {
    return {{"Action", std::move(action)},
            {"Version", "2011-06-15"},
            {"RoleArn", role_arn},
            {"RoleSessionName", std::move(session)},
            {"DurationSeconds", kLifetimeSeconds}};
}

Task<Result<AwsExpiring>> call_sts(Sender send, object_storage::Request request,
                                   std::string address, std::string form) {
    WebCall call;
    call.url = std::move(address);
    call.request = object_storage::to_http(request);
    call.request.body = std::move(form);
    auto sending = send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    co_return sts_credentials_in(answer->body);
}

Result<object_storage::Request> post_to(const std::string& address) {
    auto url = http::parse_url(address);
    if (!url) return url.error().with_context("the address of STS");
    object_storage::Request request;
    request.method = "POST";
    request.origin = url->origin;
    request.headers.emplace_back("content-type",
                                 "application/x-www-form-urlencoded; charset=utf-8");
    return request;
}

}  // namespace

std::string sts_address(const Variables& variable, const std::string& region) {
    for (const char* name : {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"}) {
        std::string set = variable(name);
        if (!set.empty()) return set;
    }
    const bool china = region.starts_with("cn-");
    return fmt::format("https://sts.{}.amazonaws.com{}", region, china ? ".cn" : "");
}

std::string web_identity_form(const std::string& role_arn, const std::string& session_name,
                              const std::string& token) {
    Fields fields = form_of("AssumeRoleWithWebIdentity", role_arn, session_name);
    fields.emplace_back("WebIdentityToken", token);
    return object_storage::encode_query(fields);
}

Result<AwsExpiring> sts_credentials_in(const std::string& document) {
    const auto text = [&](const char* name) { return object_storage::xml_text(document, name); };
    AwsExpiring found;
    found.value.access_key = text("AccessKeyId");
    found.value.secret_key = base::Secret(text("SecretAccessKey"));
    found.value.session_token = base::Secret(text("SessionToken"));
    const auto end = base::parse_rfc3339(text("Expiration"));
    if (found.value.access_key.empty() || found.value.secret_key.empty() || !end)
        return base::make_error(ErrorKind::kProtocol, "the answer of STS has no credentials");
    found.end = *end;
    return found;
}

Task<Result<AwsExpiring>> assume_role(const Surroundings& surroundings, std::string region,
                                      std::string role_arn, object_storage::AwsCredentials keys) {
    const std::string address = sts_address(surroundings.variable, region);
    auto request = post_to(address);
    if (!request) co_return request.error();
    std::string form =
        object_storage::encode_query(form_of("AssumeRole", role_arn, new_session_name()));
    object_storage::Request signed_request = object_storage::sign_aws(
        std::move(*request), keys, region, "sts", base::unix_micros_now() / 1'000'000, form);
    auto calling = call_sts(surroundings.send, std::move(signed_request), address, std::move(form));
    auto taken = co_await std::move(calling);
    if (!taken) co_return taken.error().with_context("take the role " + role_arn);
    co_return std::move(taken);
}

Task<Result<AwsExpiring>> assume_role_with_web_identity(const Surroundings& surroundings,
                                                        std::string region, WebIdentity identity) {
    const std::string doing = "take the role " + identity.role_arn + " by a web identity";
    const auto token = base::read_small_file(identity.token_file, kMostTokenBytes);
    if (!token) co_return token.error().with_context(doing);
    const std::string address = sts_address(surroundings.variable, region);
    auto request = post_to(address);
    if (!request) co_return request.error();
    std::string session = identity.session_name;
    if (session.empty()) session = new_session_name();
    std::string form =
        web_identity_form(identity.role_arn, session, std::string(base::trim(*token)));
    auto calling = call_sts(surroundings.send, std::move(*request), address, std::move(form));
    auto taken = co_await std::move(calling);
    if (!taken) co_return taken.error().with_context(doing);
    co_return std::move(taken);
}

}  // namespace protocol::cloud_identity
