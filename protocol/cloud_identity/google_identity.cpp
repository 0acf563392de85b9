#include "protocol/cloud_identity/google_identity.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <filesystem>
#include <utility>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/strings.hpp"
#include "protocol/cloud_identity/google_subject.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kMostFileBytes = 256U << 10U;
constexpr const char* kTokenAddress = "https://oauth2.googleapis.com/token";

class GoogleIdentity final : public TokenSource {
  public:
    GoogleIdentity(Surroundings surroundings, std::string file, std::string scope)
        : surroundings_(std::move(surroundings)),
          file_(std::move(file)),
          scope_(std::move(scope)) {}

    Task<Result<ExpiringToken>> fetch() override {
        if (file_.empty()) {
            auto asking = of_machine();
            auto token = co_await std::move(asking);
            if (!token) co_return token.error().with_context("get a token of the machine");
            co_return std::move(token);
        }
        auto reading = of_file();
        auto token = co_await std::move(reading);
        if (!token) co_return token.error().with_context("get a token by " + file_);
        co_return std::move(token);
    }

  private:
    Task<Result<ExpiringToken>> of_machine() {
        http::Headers headers;
        headers.set("Metadata-Flavor", "Google");
        std::string url = google_metadata_address(surroundings_.variable) +
                          "token?scopes=" + base::percent_encode(scope_);
        auto getting = get_local_token(surroundings_.send, std::move(url), std::move(headers));
        auto token = co_await std::move(getting);
        co_return std::move(token);
    }
    Task<Result<ExpiringToken>> of_file() {
        const auto text = base::read_small_file(file_, kMostFileBytes);
        if (!text) co_return text.error();
        const Json file = base::parse_foreign_json(*text);
        const std::string type = base::text_at(file, "type");
        if (type == "authorized_user") {
            auto asking = of_user(file);
            auto token = co_await std::move(asking);
            co_return std::move(token);
        }
        if (type != "external_account")
            co_return base::invalid_input("its type \"" + type + "\" is not known here");
        auto asking = of_federation(file);
        auto token = co_await std::move(asking);
        co_return std::move(token);
    }
    Task<Result<ExpiringToken>> of_user(Json file) {
        object_storage::Fields form{{"grant_type", "refresh_token"},
                                    {"client_id", base::text_at(file, "client_id")},
                                    {"client_secret", base::text_at(file, "client_secret")},
                                    {"refresh_token", base::text_at(file, "refresh_token")}};
        std::string url = base::text_at(file, "token_uri");
        if (url.empty()) url = kTokenAddress;
        auto posting = post_for_token(surroundings_.send, std::move(url), std::move(form));
        auto token = co_await std::move(posting);
        co_return std::move(token);
    }
    Task<Result<ExpiringToken>> of_federation(Json file);
    Task<Result<ExpiringToken>> impersonate(std::string url, base::Secret token);

    Surroundings surroundings_;
    std::string file_;
    std::string scope_;
};

Task<Result<ExpiringToken>> GoogleIdentity::of_federation(Json file) {
    auto asking = google_subject_token(surroundings_, file);
    auto subject = co_await std::move(asking);
    if (!subject) co_return subject.error();
    const std::string impersonated = base::text_at(file, "service_account_impersonation_url");
    const std::string all = "https://www.googleapis.com/auth/cloud-platform";
    object_storage::Fields form{
        {"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
        {"audience", base::text_at(file, "audience")},
        {"scope", impersonated.empty() ? scope_ : all},
        {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
        {"subject_token_type", base::text_at(file, "subject_token_type")},
        {"subject_token", *subject}};
    auto posting =
        post_for_token(surroundings_.send, base::text_at(file, "token_url"), std::move(form));
    auto token = co_await std::move(posting);
    if (!token || impersonated.empty()) co_return std::move(token);
    auto taking = impersonate(impersonated, std::move(token->value));
    auto taken = co_await std::move(taking);
    co_return std::move(taken);
}

/// generateAccessToken of Google's IAM Service Account Credentials API.
Task<Result<ExpiringToken>> GoogleIdentity::impersonate(std::string url, base::Secret token) {
    WebCall call;
    call.url = std::move(url);
    call.request.method = "POST";
    call.request.headers.set("Authorization", "Bearer " + token.reveal());
    call.request.headers.set("Content-Type", "application/json");
    call.request.body =
        base::dump_json(Json{{"scope", Json::array({scope_})}, {"lifetime", "3600s"}});
    auto sending = surroundings_.send(std::move(call));
    auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    const Json body = base::parse_foreign_json(answer->body);
    const std::string found = base::text_at(body, "accessToken");
    const auto end = base::parse_rfc3339(base::text_at(body, "expireTime"));
    if (found.empty() || !end)
        co_return base::make_error(ErrorKind::kProtocol, "the answer has no access token");
    co_return ExpiringToken{base::Secret(found), *end};
}

}  // namespace

std::string google_credentials_file(const Variables& variable) {
    std::string set = variable("GOOGLE_APPLICATION_CREDENTIALS");
    if (!set.empty()) return set;
    const std::string home = variable("HOME");
    const std::string usual = home + "/.config/gcloud/application_default_credentials.json";
    std::error_code ignored;  // a file that cannot be looked at is none
    return !home.empty() && std::filesystem::exists(usual, ignored) ? usual : std::string();
}

std::string google_metadata_address(const Variables& variable) {
    std::string host = variable("GCE_METADATA_HOST");
    if (host.empty()) host = "metadata.google.internal";
    return "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/";
}

Result<object_storage::GoogleKey> google_key_in(const std::string& text) {
    const Json file = base::parse_foreign_json(text);
    if (!file.is_object()) return base::invalid_input("it is no JSON object");
    const std::string type = base::text_at(file, "type");
    if (type == "authorized_user" || type == "external_account")
        return base::make_error(ErrorKind::kNotFound, "it has no key of a service account");
    object_storage::GoogleKey key{base::text_at(file, "client_email"),
                                  base::Secret(base::text_at(file, "private_key"))};
    if (!key.access_id.empty() && !key.private_key.empty()) return key;
    return base::invalid_input(
        "it is not the key of a service account: it has no client_email or no private_key");
}

std::unique_ptr<TokenSource> make_google_identity(Surroundings surroundings, std::string file,
                                                  std::string scope) {
    return std::make_unique<GoogleIdentity>(std::move(surroundings), std::move(file),
                                            std::move(scope));
}

}  // namespace protocol::cloud_identity
