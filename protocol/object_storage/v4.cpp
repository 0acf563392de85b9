#include "protocol/object_storage/v4.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "protocol/object_storage/crypto.hpp"

namespace protocol::object_storage {

namespace {

constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::chrono::seconds kLongest = std::chrono::hours(7 * 24);

/// "20130524T000000Z".
std::string basic_time(std::int64_t unix_seconds) {
    const auto seconds = static_cast<std::time_t>(unix_seconds);
    return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(seconds));
}

/// The value of a header as it is signed: without blanks around it, and one for several.
std::string folded(std::string_view value) {
    std::string out;
    for (const char c : base::trim(value)) {
        if (c != ' ' || !out.ends_with(' ')) out += c;
    }
    return out;
}

Fields signed_headers(const Request& request) {
    Fields headers = request.headers;
    headers.emplace_back("host", request.origin.authority());
    std::sort(headers.begin(), headers.end());
    return headers;
}

std::string names_of(const Fields& headers) {
    std::vector<std::string> names;
    names.reserve(headers.size());
    for (const auto& [name, value] : headers) names.push_back(name);
    return base::join(names, ";");
}

std::string canonical_query(const Fields& query) {
    Fields encoded;
    for (const auto& [name, value] : query)
        encoded.emplace_back(base::percent_encode(name), base::percent_encode(value));
    std::sort(encoded.begin(), encoded.end());
    std::string text;
    for (const auto& [name, value] : encoded) {
        if (!text.empty()) text += '&';
        text += name + "=" + value;
    }
    return text;
}

std::string canonical_request(const Request& request, std::string_view payload) {
    const Fields headers = signed_headers(request);
    std::string lines;
    for (const auto& [name, value] : headers) lines += name + ":" + folded(value) + "\n";
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, encode_path(request.path),
                       canonical_query(request.query), lines, names_of(headers), payload);
}

/// What a signature belongs to: a day, a place, a service.
struct Scope {
    std::string_view algorithm;
    std::string time;  ///< basic_time()
    std::string region;
    std::string service;
    std::string_view last;

    [[nodiscard]] std::string day() const { return time.substr(0, 8); }
    [[nodiscard]] std::string text() const {
        return fmt::format("{}/{}/{}/{}", day(), region, service, last);
    }
    [[nodiscard]] std::string string_to_sign(const std::string& canonical) const {
        return fmt::format("{}\n{}\n{}\n{}", algorithm, time, text(), base::sha256_hex(canonical));
    }
};

Scope aws_scope(std::int64_t unix_seconds, const std::string& region, const std::string& service) {
    return {"AWS4-HMAC-SHA256", basic_time(unix_seconds), region, service, "aws4_request"};
}

std::string aws_signature(const Scope& scope, const base::Secret& secret, const Request& request,
                          std::string_view payload) {
    std::string key = hmac_sha256("AWS4" + secret.reveal(), scope.day());
    key = hmac_sha256(key, scope.region);
    key = hmac_sha256(key, scope.service);
    key = hmac_sha256(key, scope.last);
    return base::to_hex(
        hmac_sha256(key, scope.string_to_sign(canonical_request(request, payload))));
}

/// `prefix`: "X-Amz-" or "X-Goog-".
void add_to_query(Request& request, std::string_view prefix, const Scope& scope,
                  const std::string& who, const Validity& validity) {
    const auto add = [&](std::string_view name, std::string value) {
        request.query.emplace_back(std::string(prefix) + std::string(name), std::move(value));
    };
    add("Algorithm", std::string(scope.algorithm));
    add("Credential", who + "/" + scope.text());
    add("Date", scope.time);
    add("Expires",
        std::to_string(std::clamp(validity.lifetime, std::chrono::seconds(1), kLongest).count()));
    add("SignedHeaders", names_of(signed_headers(request)));
}

}  // namespace

Request presign_aws(Request request, const AwsCredentials& credentials, const std::string& region,
                    const Validity& validity) {
    const Scope scope = aws_scope(validity.unix_seconds, region, "s3");
    add_to_query(request, "X-Amz-", scope, credentials.access_key, validity);
    if (!credentials.session_token.empty())
        request.query.emplace_back("X-Amz-Security-Token", credentials.session_token.reveal());
    std::string signature = aws_signature(scope, credentials.secret_key, request, kUnsignedPayload);
    request.query.emplace_back("X-Amz-Signature", std::move(signature));
    return request;
}

Request sign_aws(Request request, const AwsCredentials& credentials, const std::string& region,
                 const std::string& service, std::int64_t unix_seconds, const std::string& body) {
    const Scope scope = aws_scope(unix_seconds, region, service);
    request.headers.emplace_back("x-amz-date", scope.time);
    if (!credentials.session_token.empty())
        request.headers.emplace_back("x-amz-security-token", credentials.session_token.reveal());
    const std::string names = names_of(signed_headers(request));
    const std::string signature =
        aws_signature(scope, credentials.secret_key, request, base::sha256_hex(body));
    request.headers.emplace_back(
        "authorization",
        fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", scope.algorithm,
                    credentials.access_key, scope.text(), names, signature));
    return request;
}

GoogleToSign google_to_sign(Request request, const std::string& access_id,
                            const Validity& validity) {
    const Scope scope{"GOOG4-RSA-SHA256", basic_time(validity.unix_seconds), "auto", "storage",
                      "goog4_request"};
    add_to_query(request, "X-Goog-", scope, access_id, validity);
    std::string text = scope.string_to_sign(canonical_request(request, kUnsignedPayload));
    return {std::move(request), std::move(text)};
}

Request signed_google(GoogleToSign to_sign, std::string_view signature) {
    to_sign.request.query.emplace_back("X-Goog-Signature", base::to_hex(signature));
    return std::move(to_sign.request);
}

base::Result<Request> presign_google(Request request, const GoogleKey& key,
                                     const Validity& validity) {
    GoogleToSign to_sign = google_to_sign(std::move(request), key.access_id, validity);
    const auto signature = rsa_sha256(key.private_key, to_sign.text);
    if (!signature) return signature.error();
    return signed_google(std::move(to_sign), *signature);
}

}  // namespace protocol::object_storage
