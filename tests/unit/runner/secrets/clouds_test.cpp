#include <ctime>

#include "protocol/object_storage/request.hpp"
#include "protocol/object_storage/v4.hpp"
#include "tests/unit/runner/secrets/secrets_fixture.hpp"

namespace {

using base::ErrorKind;
using protocol::gitlab::AwsSecret;
using protocol::gitlab::AzureSecret;
using protocol::gitlab::GcpSecret;
using testing::ElementsAre;
using testing::HasSubstr;

/// A provider that answers each call as the table says, after `inspect`.
class Clouds : public tests::SecretsFixture {
  protected:
    Clouds() {
        provider_.answer = [this](const std::string& call,
                                  const Request& request) -> base::Result<Response> {
            requests_[call] = request;
            const auto found = answers_.find(call);
            EXPECT_NE(found, answers_.end()) << call;
            if (found == answers_.end()) return tests::FakeProvider::json(500, "");
            return found->second;
        };
    }
    void answer(const std::string& call, unsigned status, const std::string& body) {
        answers_.insert_or_assign(call, tests::FakeProvider::json(status, body));
    }

    std::map<std::string, base::Result<Response>> answers_;
    std::map<std::string, Request> requests_;
};

// --- Google Cloud ---

constexpr const char* kGcpToken = "POST https://sts.googleapis.com:443/v1/token";
constexpr const char* kGcpSecret =
    "GET https://secretmanager.googleapis.com:443/v1/projects/42/secrets/db/versions/latest:access";

GcpSecret gcp() { return {"db", "", "42", "pool", "provider", "eyJ.good"}; }

TEST_F(Clouds, GcpGivesASecretForTheJobsIdentity) {
    answer(kGcpToken, 200, R"({"access_token":"ya29","token_type":"Bearer","expires_in":3599})");
    // "hunter2", whose CRC-32C is 1736498283
    answer(kGcpSecret, 200, R"({"payload":{"data":"aHVudGVyMg==","dataCrc32c":"1736498283"}})");
    EXPECT_EQ(resolve(gcp()).value(), "hunter2");
    EXPECT_THAT(provider_.calls, ElementsAre(kGcpToken, kGcpSecret));
    const std::string& exchange = requests_[kGcpToken].body;
    EXPECT_THAT(exchange,
                HasSubstr(R"("audience":"//iam.googleapis.com/projects/42/locations/global/)"
                          R"(workloadIdentityPools/pool/providers/provider")"));
    EXPECT_THAT(exchange, HasSubstr(R"("subjectToken":"eyJ.good")"));
    EXPECT_FALSE(requests_[kGcpToken].headers.has("Authorization"));
    EXPECT_EQ(requests_[kGcpSecret].headers.get("Authorization"), "Bearer ya29");
}

TEST_F(Clouds, GcpTellsWhoMustDoSomething) {
    struct Case {
        const char* call;
        unsigned status;
        const char* body;
        ErrorKind kind;
        const char* text;
    };
    const Case cases[] = {
        {kGcpToken, 400, R"({"error":"invalid_grant","error_description":"bad audience"})",
         ErrorKind::kUnauthorized, "400 Bad Request (invalid_grant: bad audience); check project"},
        {kGcpToken, 503, "", ErrorKind::kUnavailable, "503"},
        {kGcpToken, 200, "{}", ErrorKind::kProtocol, "no access token"},
        {kGcpSecret, 403,
         R"({"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}})",
         ErrorKind::kForbidden, "(PERMISSION_DENIED: denied); check the name"},
        {kGcpSecret, 404, R"({"error":{"status":"NOT_FOUND","message":"no"}})",
         ErrorKind::kInvalidInput, "projects/42/secrets/db/versions/latest"},
        {kGcpSecret, 500, "", ErrorKind::kUnavailable, "500"},
        {kGcpSecret, 200, "{}", ErrorKind::kNotFound, "has no value"},
        {kGcpSecret, 200, R"({"payload":{"data":"aHVudGVyMg==","dataCrc32c":"1"}})",
         ErrorKind::kProtocol, "damaged"},
        {kGcpSecret, 200, R"({"payload":{"data":"%"}})", ErrorKind::kProtocol, "not base64"},
    };
    for (const Case& one : cases) {
        answers_.clear();
        answer(kGcpToken, 200, R"({"access_token":"ya29","expires_in":3599})");
        answer(one.call, one.status, one.body);
        const auto error = failure(gcp());
        EXPECT_EQ(error.kind, one.kind) << error.message;
        EXPECT_THAT(error.message, HasSubstr(one.text));
    }
}

TEST_F(Clouds, GcpIsNotAskedWithoutWhatItNeeds) {
    for (auto field : {&GcpSecret::name, &GcpSecret::project_number, &GcpSecret::pool_id,
                       &GcpSecret::provider_id, &GcpSecret::jwt}) {
        auto wish = gcp();
        (wish.*field).clear();
        EXPECT_EQ(failure(wish).kind, ErrorKind::kInvalidInput);
    }
    EXPECT_TRUE(provider_.calls.empty());
}

// --- Azure ---

constexpr const char* kAzureToken =
    "POST https://login.microsoftonline.com:443/tenant/oauth2/v2.0/token";
constexpr const char* kAzureSecret =
    "GET https://team.vault.azure.net:443/secrets/db/2?api-version=7.4";

AzureSecret azure() {
    return {"db", "2", "client", "tenant", "eyJ.good", "https://team.vault.azure.net/"};
}

TEST_F(Clouds, AzureGivesASecretForTheJobsIdentity) {
    answer(kAzureToken, 200, R"({"access_token":"eyA","expires_in":3599})");
    answer(kAzureSecret, 200, R"({"value":"hunter2","id":"x"})");
    EXPECT_EQ(resolve(azure()).value(), "hunter2");
    EXPECT_EQ(requests_[kAzureToken].body,
              "client_id=client&scope=https%3A%2F%2Fvault.azure.net%2F.default"
              "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-"
              "bearer&client_assertion=eyJ.good&grant_type=client_credentials");
    EXPECT_EQ(requests_[kAzureSecret].headers.get("Authorization"), "Bearer eyA");
}

TEST_F(Clouds, AzureHasOtherCloudsAndTheNewestVersion) {
    environment_["AZURE_AUTHORITY_HOST"] = "https://login.chinacloudapi.cn";
    answer("POST https://login.chinacloudapi.cn:443/tenant/oauth2/v2.0/token", 200,
           R"({"access_token":"eyA","expires_in":3599})");
    answer("GET https://team.vault.azure.cn:443/secrets/db?api-version=7.4", 200,
           R"({"value":"x"})");
    auto wish = azure();
    wish.url = "https://team.vault.azure.cn";
    wish.version.clear();
    EXPECT_EQ(resolve(wish).value(), "x");
}

TEST_F(Clouds, AzureTellsWhoMustDoSomething) {
    struct Case {
        const char* call;
        unsigned status;
        const char* body;
        ErrorKind kind;
        const char* text;
    };
    const Case cases[] = {
        {kAzureToken, 401, R"({"error":"invalid_client","error_description":"AADSTS700213: no"})",
         ErrorKind::kUnauthorized, "(invalid_client: AADSTS700213: no); check client"},
        {kAzureToken, 502, "", ErrorKind::kUnavailable, "502"},
        {kAzureSecret, 403, R"({"error":{"code":"Forbidden","message":"no get"}})",
         ErrorKind::kForbidden, "(Forbidden: no get); check the name"},
        {kAzureSecret, 404, R"({"error":{"code":"SecretNotFound","message":"x"}})",
         ErrorKind::kInvalidInput, "\"secrets/db/2\" at https://team.vault.azure.net:443"},
        {kAzureSecret, 401, "", ErrorKind::kUnauthorized, "401"},
        {kAzureSecret, 503, "", ErrorKind::kUnavailable, "503"},
        {kAzureSecret, 200, "{}", ErrorKind::kNotFound, "has no value"},
    };
    for (const Case& one : cases) {
        answers_.clear();
        answer(kAzureToken, 200, R"({"access_token":"eyA","expires_in":3599})");
        answer(one.call, one.status, one.body);
        const auto error = failure(azure());
        EXPECT_EQ(error.kind, one.kind) << error.message;
        EXPECT_THAT(error.message, HasSubstr(one.text));
    }
}

// --- AWS ---

constexpr const char* kAwsRole = "POST https://sts.eu-central-1.amazonaws.com:443/";
constexpr const char* kAwsSecret = "POST https://secretsmanager.eu-central-1.amazonaws.com:443/";
constexpr const char* kCredentials =
    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
    "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>key</SecretAccessKey>"
    "<SessionToken>session</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration>"
    "</Credentials></AssumeRoleWithWebIdentityResult>"
    "</AssumeRoleWithWebIdentityResponse>";

AwsSecret aws() {
    return {"app/db",      "",        "", "", "eu-central-1", "arn:aws:iam::1:role/r",
            "12-7-gitlab", "eyJ.good"};
}

/// Whether the request is signed with the keys of the role.
bool is_signed(const protocol::http::Request& request) {
    namespace storage = protocol::object_storage;
    storage::Request again;
    again.method = "POST";
    again.origin = {
        protocol::http::Scheme::kHttps, "secretsmanager.eu-central-1.amazonaws.com", 443, {}};
    again.headers = {{"content-type", "application/x-amz-json-1.1"},
                     {"x-amz-target", "secretsmanager.GetSecretValue"}};
    std::tm when{};
    const std::string date(request.headers.get("x-amz-date"));
    if (::strptime(date.c_str(), "%Y%m%dT%H%M%SZ", &when) == nullptr) return false;
    const auto signed_again =
        storage::sign_aws(again, {"ASIA", base::Secret("key"), base::Secret("session")},
                          "eu-central-1", "secretsmanager", ::timegm(&when), request.body);
    return storage::to_http(signed_again).headers.get("authorization") ==
           request.headers.get("authorization");
}

TEST_F(Clouds, AwsGivesASecretForARole) {
    answer(kAwsRole, 200, kCredentials);
    answer(kAwsSecret, 200, R"({"SecretString":"hunter2"})");
    EXPECT_EQ(resolve(aws()).value(), "hunter2");
    EXPECT_EQ(requests_[kAwsRole].body,
              "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&"
              "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=12-7-gitlab&"
              "DurationSeconds=3600&"
              "WebIdentityToken=eyJ.good");
    const auto& request = requests_[kAwsSecret];
    EXPECT_EQ(request.body, R"({"SecretId":"app/db"})");
    EXPECT_EQ(request.headers.get("X-Amz-Target"), "secretsmanager.GetSecretValue");
    EXPECT_EQ(request.headers.get("x-amz-security-token"), "session");
    EXPECT_TRUE(is_signed(request)) << request.headers.get("authorization");
}

TEST_F(Clouds, AwsReadsAVersionAKeyAndBytes) {
    answer(kAwsRole, 200, kCredentials);
    answer(kAwsSecret, 200, R"({"SecretString":"{\"password\":\"p\",\"port\":5432,\"on\":true}"})");
    auto wish = aws();
    wish.version_id = "v1";
    wish.version_stage = "AWSPREVIOUS";
    for (const auto& [field, text] :
         std::map<std::string, std::string>{{"password", "p"}, {"port", "5432"}, {"on", "true"}}) {
        wish.field = field;
        EXPECT_EQ(resolve(wish).value(), text);
    }
    EXPECT_EQ(requests_[kAwsSecret].body,
              R"({"SecretId":"app/db","VersionId":"v1","VersionStage":"AWSPREVIOUS"})");
    answer(kAwsSecret, 200, R"({"SecretBinary":"aGk="})");
    EXPECT_EQ(resolve(aws()).value(), "aGk=");
}

TEST_F(Clouds, AwsIsAskedWhereTheDaemonsEnvironmentSays) {
    environment_["AWS_ENDPOINT_URL"] = "http://localhost:4566";
    environment_["AWS_ENDPOINT_URL_STS"] = "http://sts.internal";
    answer("POST http://sts.internal:80/", 200, kCredentials);
    answer("POST http://localhost:4566/", 200, R"({"SecretString":"x"})");
    EXPECT_EQ(resolve(aws()).value(), "x");
}

TEST_F(Clouds, AwsTellsWhoMustDoSomething) {
    struct Case {
        const char* call;
        unsigned status;
        const char* body;
        ErrorKind kind;
        const char* text;
    };
    const Case cases[] = {
        {kAwsRole, 403,
         "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></"
         "ErrorResponse>",
         ErrorKind::kUnauthorized, "(AccessDenied: no); check the role's trust policy"},
        {kAwsRole, 500, "", ErrorKind::kUnavailable, "500"},
        {kAwsRole, 200, "<a/>", ErrorKind::kProtocol, "no credentials"},
        {kAwsSecret, 400, R"({"__type":"ResourceNotFoundException","Message":"no secret"})",
         ErrorKind::kInvalidInput, "\"app/db\" in eu-central-1: 400 Bad Request"},
        {kAwsSecret, 400, R"({"__type":"x.y#AccessDeniedException","message":"no"})",
         ErrorKind::kForbidden, "secretsmanager:GetSecretValue"},
        {kAwsSecret, 400, R"({"__type":"InvalidRequestException"})", ErrorKind::kProtocol, "400"},
        {kAwsSecret, 500, R"({"__type":"InternalServiceError"})", ErrorKind::kUnavailable, "500"},
        {kAwsSecret, 200, "{}", ErrorKind::kNotFound, "has no value"},
    };
    for (const Case& one : cases) {
        answers_.clear();
        answer(kAwsRole, 200, kCredentials);
        answer(one.call, one.status, one.body);
        const auto error = failure(aws());
        EXPECT_EQ(error.kind, one.kind) << error.message;
        EXPECT_THAT(error.message, HasSubstr(one.text));
    }
    for (const char* text : {"no json", R"({\"a\":1})", R"({\"password\":[1]})"}) {
        answer(kAwsSecret, 200, std::string(R"({"SecretString":")") + text + R"("})");
        auto wish = aws();
        wish.field = "password";
        EXPECT_THAT(failure(wish).message, HasSubstr("check `field`"));
    }
}

TEST_F(Clouds, AwsIsNotAskedWithoutWhatItNeeds) {
    for (auto field :
         {&AwsSecret::secret_id, &AwsSecret::region, &AwsSecret::role_arn, &AwsSecret::jwt}) {
        auto wish = aws();
        (wish.*field).clear();
        EXPECT_EQ(failure(wish).kind, ErrorKind::kInvalidInput);
    }
    auto wish = aws();
    wish.region = "evil.example.com/";
    EXPECT_THAT(failure(wish).message, HasSubstr("is not a region"));
    EXPECT_TRUE(provider_.calls.empty());
}

}  // namespace
