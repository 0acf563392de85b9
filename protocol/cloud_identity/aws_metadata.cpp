#include "protocol/cloud_identity/aws_metadata.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "base/utf8.hpp"
#include "protocol/http/url.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr const char* kContainerHost = "http://169.254.170.2";
constexpr const char* kInstanceHost = "http://169.254.169.254";
constexpr const char* kInstanceHostOfIpv6 = "http://[fd00:ec2::254]";

/// The form that instances and containers share.
Result<AwsExpiring> credentials_in_json(const std::string& body) {
    const auto json = base::parse_foreign_json(body);
    const auto text = [&](const char* name) {
        const bool there = json.is_object() && json.contains(name) && json[name].is_string();
        return there ? json[name].get<std::string>() : std::string();
    };
    const std::string code = text("Code");
    if (!code.empty() && code != "Success")
        return base::make_error(ErrorKind::kUnavailable,
                                "the answer is " + base::cut_utf8(code, kShownBytes));
    AwsExpiring found;
    found.value.access_key = text("AccessKeyId");
    found.value.secret_key = base::Secret(text("SecretAccessKey"));
    found.value.session_token = base::Secret(text("Token"));
    if (found.value.access_key.empty() || found.value.secret_key.empty())
        return base::make_error(ErrorKind::kProtocol, "the answer has no credentials");
    const std::string stamp = text("Expiration");
    if (stamp.empty()) return found;
    const auto end = base::parse_rfc3339(stamp);
    if (!end) return base::make_error(ErrorKind::kProtocol, "the answer's end is no time");
    found.end = *end;
    return found;
}

Task<Result<std::string>> get(Sender send, std::string url, http::Headers headers,
                              std::string method = "GET") {
    WebCall call;
    call.url = std::move(url);
    call.request.method = std::move(method);
    call.request.headers = std::move(headers);
    call.local = true;
    auto sending = send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    co_return std::move(answer->body);
}

/// Credentials without TLS come from the container's host only, as in Amazon's libraries.
bool is_container_host(const http::Origin& origin) {
    if (origin.scheme == http::Scheme::kHttps) return true;
    for (const char* host : {"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost", "::1"})
        if (origin.host == host) return true;
    return origin.host.starts_with("127.");
}

Result<std::string> container_token(const Variables& variable) {
    const std::string path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    std::string token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (!path.empty()) {
        auto text = base::read_small_file(path, kMostTokenBytes);
        if (!text) return text.error().with_context("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        token = std::move(*text);
    }
    token = std::string(base::trim(token));
    if (token.find_first_of("\r\n") != std::string::npos)
        return base::invalid_input("the container's authorization token has several lines");
    return token;
}

Result<std::string> container_address(const Variables& variable) {
    const std::string relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (!relative.empty()) return kContainerHost + relative;
    std::string full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const auto url = http::parse_url(full);
    if (!url) return url.error().with_context("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (is_container_host(url->origin)) return full;
    return base::invalid_input(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI: " + url->origin.text() +
        " is not used: an address without TLS has to be one of the container's host");
}

std::string instance_address(const Variables& variable) {
    std::string set = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    while (set.ends_with('/')) set.pop_back();
    if (!set.empty()) return set;
    const bool ipv6 = base::iequals(variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "ipv6");
    return ipv6 ? kInstanceHostOfIpv6 : kInstanceHost;
}

Task<Result<AwsExpiring>> role_of_instance(Sender send, std::string host) {
    auto opening = open_instance_session(send, host + "/latest/api/token");
    auto session = co_await std::move(opening);
    if (!session) co_return session.error();
    auto getting = role_credentials(
        std::move(send), host + "/latest/meta-data/iam/security-credentials/", std::move(*session));
    auto found = co_await std::move(getting);
    co_return std::move(found);
}

}  // namespace

Task<Result<http::Headers>> open_instance_session(Sender send, std::string address) {
    http::Headers headers;
    headers.set("X-aws-ec2-metadata-token-ttl-seconds", "300");
    auto getting = get(std::move(send), std::move(address), std::move(headers), "PUT");
    auto token = co_await std::move(getting);
    if (!token) co_return token.error();
    if (token->find_first_of("\r\n") != std::string::npos)
        co_return base::make_error(ErrorKind::kProtocol, "its token has several lines");
    http::Headers session;
    session.set("X-aws-ec2-metadata-token", *token);
    co_return std::move(session);
}

Task<Result<std::string>> instance_text(Sender send, std::string address, http::Headers session) {
    auto getting = get(std::move(send), std::move(address), std::move(session));
    auto text = co_await std::move(getting);
    co_return std::move(text);
}

Task<Result<AwsExpiring>> role_credentials(Sender send, std::string roles, http::Headers session) {
    auto listing = get(send, roles, session);
    auto list = co_await std::move(listing);
    if (!list && list.error().is(ErrorKind::kNotFound))
        co_return base::make_error(ErrorKind::kNotFound, "the instance has no role");
    if (!list) co_return list.error();
    const std::string role(base::trim(list->substr(0, list->find('\n'))));
    if (role.empty()) co_return base::make_error(ErrorKind::kNotFound, "the instance has no role");
    std::string address = roles.ends_with('/') ? roles + role : roles + "/" + role;
    auto getting = get(std::move(send), std::move(address), std::move(session));
    auto body = co_await std::move(getting);
    if (!body) co_return body.error();
    co_return credentials_in_json(*body);
}

bool has_container_address(const Variables& variable) {
    return !variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
           !variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
}

Task<Result<AwsExpiring>> container_credentials(const Surroundings& surroundings) {
    auto address = container_address(surroundings.variable);
    if (!address) co_return address.error();
    auto token = container_token(surroundings.variable);
    if (!token) co_return token.error();
    http::Headers headers;
    if (!token->empty()) headers.set("Authorization", *token);
    headers.set("Accept", "application/json");
    auto getting = get(surroundings.send, *address, std::move(headers));
    auto body = co_await std::move(getting);
    const std::string doing = "get the credentials of the container";
    if (!body) co_return body.error().with_context(doing);
    auto found = credentials_in_json(*body);
    if (!found) co_return found.error().with_context(doing);
    co_return std::move(found);
}

Task<Result<AwsExpiring>> instance_credentials(const Surroundings& surroundings) {
    const std::string host = instance_address(surroundings.variable);
    auto getting = role_of_instance(surroundings.send, host);
    auto found = co_await std::move(getting);
    if (!found)
        co_return found.error().with_context("get the role of the EC2 instance from " + host);
    co_return std::move(found);
}

}  // namespace protocol::cloud_identity
