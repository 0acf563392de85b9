#include "protocol/cloud_identity/google_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/strings.hpp"
#include "protocol/cloud_identity/aws_metadata.hpp"

namespace protocol::cloud_identity {

using base::Result;
using base::Task;
using object_storage::AwsCredentials;
using Json = nlohmann::json;

namespace {

constexpr const char* kHeaderOfAudience = "x-goog-cloud-target-resource";

/// The token of the other provider, in a text or in a field of JSON.
Result<std::string> token_in_text(const std::string& text, const Json& format) {
    std::string token(base::trim(text));
    if (base::text_at(format, "type") == "json")
        token = base::text_at(base::parse_foreign_json(text),
                              base::text_at(format, "subject_token_field_name").c_str());
    if (!token.empty()) return token;
    return base::invalid_input("its credential_source has no token");
}

Task<Result<std::string>> token_at_address(Sender send, Json source) {
    WebCall call;
    call.url = base::text_at(source, "url");
    call.local = true;
    const Json headers = base::value_at(source, "headers");
    for (const auto& [name, value] : headers.items())
        if (value.is_string()) call.request.headers.set(name, value.get<std::string>());
    auto sending = send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    co_return token_in_text(answer->body, base::value_at(source, "format"));
}

/// Makes the token of a workload on AWS, as Google's libraries do: region and keys are those of the
/// environment, else of the instance.
class AwsWorkload {
  public:
    AwsWorkload(Surroundings surroundings, Json source)
        : surroundings_(std::move(surroundings)), source_(std::move(source)) {}

    Task<Result<std::string>> token(std::string audience) {
        auto finding = region();
        auto region = co_await std::move(finding);
        if (!region) co_return region.error().with_context("the region of AWS");
        auto fetching = keys();
        auto keys = co_await std::move(fetching);
        if (!keys) co_return keys.error().with_context("the credentials of AWS");
        AwsProof proof;
        proof.address = base::replace_all(base::text_at(source_, "regional_cred_verification_url"),
                                          "{region}", *region);
        proof.region = std::move(*region);
        proof.audience = std::move(audience);
        co_return aws_subject_token(proof, *keys, base::unix_micros_now() / 1'000'000);
    }

  private:
    [[nodiscard]] std::string variable(const char* name) const {
        return surroundings_.variable(name);
    }
    /// It becomes part of an address.
    static Result<std::string> checked(std::string region) {
        const bool is_name = std::all_of(region.begin(), region.end(), [](unsigned char c) {
            return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
        });
        if (is_name && !region.empty()) return region;
        return base::invalid_input("\"" + region.substr(0, kShownBytes) + "\" is none");
    }
    Task<Result<std::string>> region();
    Task<Result<AwsCredentials>> keys();
    Task<Result<http::Headers>> session();

    Surroundings surroundings_;
    Json source_;
};

Task<Result<http::Headers>> AwsWorkload::session() {
    const std::string address = base::text_at(source_, "imdsv2_session_token_url");
    if (address.empty()) co_return http::Headers();
    auto opening = open_instance_session(surroundings_.send, address);
    auto session = co_await std::move(opening);
    co_return std::move(session);
}

Task<Result<std::string>> AwsWorkload::region() {
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
        std::string set = variable(name);
        if (!set.empty()) co_return checked(std::move(set));
    }
    const std::string address = base::text_at(source_, "region_url");
    if (address.empty())
        co_return base::invalid_input("AWS_REGION is not set, and the file has no region_url");
    auto opening = session();
    auto headers = co_await std::move(opening);
    if (!headers) co_return headers.error();
    auto asking = instance_text(surroundings_.send, address, std::move(*headers));
    auto answer = co_await std::move(asking);
    if (!answer) co_return answer.error();
    std::string zone(base::trim(*answer));
    // "eu-west-1b": the letter is the zone in the region.
    if (!zone.empty()) zone.pop_back();
    co_return checked(std::move(zone));
}

Task<Result<AwsCredentials>> AwsWorkload::keys() {
    AwsCredentials keys{variable("AWS_ACCESS_KEY_ID"),
                        base::Secret(variable("AWS_SECRET_ACCESS_KEY")),
                        base::Secret(variable("AWS_SESSION_TOKEN"))};
    if (!keys.access_key.empty() && !keys.secret_key.empty()) co_return std::move(keys);
    const std::string address = base::text_at(source_, "url");
    if (address.empty()) {
        co_return base::invalid_input(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and the file has no url");
    }
    auto opening = session();
    auto headers = co_await std::move(opening);
    if (!headers) co_return headers.error();
    auto asking = role_credentials(surroundings_.send, address, std::move(*headers));
    auto found = co_await std::move(asking);
    if (!found) co_return found.error();
    co_return std::move(found->value);
}

base::Error unknown_source(const Json& source) {
    const std::string works =
        ": a token in a file, one at a url, or aws1 works (\"gcloud iam workload-identity-pools "
        "create-cred-config\" makes such files)";
    if (source.is_object() && source.contains("executable"))
        return base::invalid_input(
            "its credential_source is an executable, and no programs are started here" + works);
    return base::invalid_input("its credential_source is not known here" + works);
}

Result<object_storage::Request> request_to(const std::string& address) {
    const auto url = http::parse_url(address);
    if (!url) return url.error().with_context("its regional_cred_verification_url");
    object_storage::Request request;
    request.method = "POST";
    request.origin = url->origin;
    const auto question = url->target.find('?');
    request.path = base::percent_decode(url->target.substr(0, question));
    if (question == std::string::npos) return request;
    for (const std::string& field : base::split(url->target.substr(question + 1), '&')) {
        const auto equals = field.find('=');
        const bool has_value = equals != std::string::npos;
        request.query.emplace_back(base::percent_decode(field.substr(0, equals)),
                                   has_value ? base::percent_decode(field.substr(equals + 1)) : "");
    }
    return request;
}

}  // namespace

Result<std::string> aws_subject_token(const AwsProof& proof, const AwsCredentials& keys,
                                      std::int64_t unix_seconds) {
    auto request = request_to(proof.address);
    if (!request) return request.error();
    request->headers.emplace_back(kHeaderOfAudience, proof.audience);
    object_storage::Request made =
        object_storage::sign_aws(std::move(*request), keys, proof.region, "sts", unix_seconds, "");
    made.headers.emplace_back("host", made.origin.authority());
    Json headers = Json::array();
    for (const auto& [name, value] : made.headers)
        headers.push_back(
            Json{{"key", name == "authorization" ? "Authorization" : name}, {"value", value}});
    const Json token{{"url", proof.address}, {"method", "POST"}, {"headers", std::move(headers)}};
    // Encoded here, and once more in the form that takes it.
    return base::percent_encode(base::dump_json(token));
}

Task<Result<std::string>> google_subject_token(Surroundings surroundings, Json file) {
    const Json source = base::value_at(file, "credential_source");
    const std::string environment = base::text_at(source, "environment_id");
    if (environment == "aws1") {
        AwsWorkload workload(std::move(surroundings), source);
        auto making = workload.token(base::text_at(file, "audience"));
        auto token = co_await std::move(making);
        co_return std::move(token);
    }
    if (!environment.empty()) {
        co_return base::invalid_input("the environment_id \"" + environment +
                                      "\" of its credential_source is not known here: aws1 is");
    }
    const std::string path = base::text_at(source, "file");
    if (!path.empty()) {
        const auto text = base::read_small_file(path, kMostTokenBytes);
        if (!text) co_return text.error();
        co_return token_in_text(*text, base::value_at(source, "format"));
    }
    if (base::text_at(source, "url").empty()) co_return unknown_source(source);
    auto asking = token_at_address(surroundings.send, source);
    auto token = co_await std::move(asking);
    co_return std::move(token);
}

}  // namespace protocol::cloud_identity
