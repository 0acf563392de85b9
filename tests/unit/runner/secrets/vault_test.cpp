#include "tests/unit/runner/secrets/secrets_fixture.hpp"

namespace {

using base::ErrorKind;
using protocol::gitlab::GitLabSecret;
using protocol::gitlab::VaultSecret;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kLogin = "PUT https://vault.example.com:8200/v1/auth/gitlab/login";
constexpr const char* kData = "GET https://vault.example.com:8200/v1/ops/data/app/db";

class Vault : public tests::SecretsFixture {
  protected:
    Vault() {
        provider_.answer = [this](const std::string& call, const Request& request) {
            return serve(call, request);
        };
    }

    /// A server that knows one login and what `answers_` has.
    base::Result<Response> serve(const std::string& call, const Request& request) {
        EXPECT_EQ(request.headers.get("X-Vault-Namespace"), name_space_);
        if (call == kLogin && !answers_.contains(call)) {
            EXPECT_EQ(request.body, R"({"jwt":"eyJ.good","role":"ci"})");
            return tests::FakeProvider::json(200, R"({"auth":{"client_token":"s.token"}})");
        }
        if (call != kLogin) {
            EXPECT_EQ(request.headers.get("X-Vault-Token"), "s.token") << call;
        }
        const auto found = answers_.find(call);
        if (found == answers_.end()) return tests::FakeProvider::json(404, R"({"errors":[]})");
        return found->second;
    }
    void answer(const std::string& call, unsigned status, const std::string& body) {
        answers_.insert_or_assign(call, tests::FakeProvider::json(status, body));
    }
    static VaultSecret secret() {
        return {.url = "https://vault.example.com:8200",
                .name_space = "",
                .auth_name = "jwt",
                .auth_path = "gitlab",
                .jwt = "eyJ.good",
                .role = "ci",
                .place = {"kv-v2", "ops", "app/db", "password"}};
    }

    std::map<std::string, base::Result<Response>> answers_;
    std::string name_space_;
};

TEST_F(Vault, ReadsTheFieldOfAVersionedSecret) {
    answer(kData, 200, R"({"data":{"data":{"password":"hunter2","user":"u"},"metadata":{}}})");
    EXPECT_EQ(resolve(secret()).value(), "hunter2");
    EXPECT_THAT(provider_.calls, ElementsAre(kLogin, kData));
}

TEST_F(Vault, ReadsTheFieldOfOtherEngines) {
    for (const char* engine : {"kv-v1", "generic"}) {
        answer("GET https://vault.example.com:8200/v1/ops/app/db", 200,
               R"({"data":{"password":"old"}})");
        auto wish = secret();
        wish.place.engine = engine;
        EXPECT_EQ(resolve(wish).value(), "old") << engine;
    }
}

TEST_F(Vault, IsAskedInItsNamespaceAndBelowItsPath) {
    name_space_ = "admin/team";
    auto wish = secret();
    wish.name_space = name_space_;
    wish.url = "https://vault.example.com:8200/behind/proxy/";
    wish.place.path = "/app//with space/db";
    answer("PUT https://vault.example.com:8200/behind/proxy/v1/auth/gitlab/login", 200,
           R"({"auth":{"client_token":"s.token"}})");
    answer("GET https://vault.example.com:8200/behind/proxy/v1/ops/data/app/with%20space/db", 200,
           R"({"data":{"data":{"password":"x"}}})");
    provider_.answer = [this](const std::string& call, const Request& request) {
        EXPECT_EQ(request.headers.get("X-Vault-Namespace"), name_space_);
        const auto found = answers_.find(call);
        EXPECT_NE(found, answers_.end()) << call;
        return found->second;
    };
    EXPECT_EQ(resolve(wish).value(), "x");
}

TEST_F(Vault, TurnsOtherValuesIntoText) {
    answer(kData, 200, R"({"data":{"data":{"n":5432,"b":true,"o":{"a":[1]},"null":null}}})");
    auto wish = secret();
    for (const auto& [field, text] :
         std::map<std::string, std::string>{{"n", "5432"}, {"b", "true"}, {"o", R"({"a":[1]})"}}) {
        wish.place.field = field;
        EXPECT_EQ(resolve(wish).value(), text);
    }
    wish.place.field = "null";
    EXPECT_EQ(failure(wish).kind, ErrorKind::kNotFound);
}

TEST_F(Vault, LogsInOnceForSecretsWithTheSameLogin) {
    answer(kData, 200, R"({"data":{"data":{"password":"a","user":"b"}}})");
    runner::secrets::Resolver resolver(provider_.clients(), [](const std::string&) { return ""; });
    protocol::gitlab::Secret first{.variable = "A", .source = secret()};
    auto other = secret();
    other.place.field = "user";
    protocol::gitlab::Secret second{.variable = "B", .source = other};
    EXPECT_EQ(tests::run_to_end(resolver.resolve(first)).value(), "a");
    EXPECT_EQ(tests::run_to_end(resolver.resolve(second)).value(), "b");
    EXPECT_THAT(provider_.calls, ElementsAre(kLogin, kData, kData));
}

TEST_F(Vault, FollowsTheRedirectOfAStandbyNode) {
    auto away = tests::FakeProvider::json(307, "");
    away.headers.set("Location", "https://active.example.com:8200/v1/ops/data/app/db");
    answers_.insert_or_assign(kData, away);
    answer("GET https://active.example.com:8200/v1/ops/data/app/db", 200,
           R"({"data":{"data":{"password":"x"}}})");
    EXPECT_EQ(resolve(secret()).value(), "x");
    away.headers.set("Location", "http://active.example.com:8200/v1/ops/data/app/db");
    answers_.insert_or_assign(kData, away);
    EXPECT_THAT(failure(secret()).message, HasSubstr("redirects to an address without TLS"));
}

TEST_F(Vault, TellsWhoMustDoSomething) {
    struct Case {
        const char* call;
        unsigned status;
        const char* body;
        ErrorKind kind;
        const char* text;
    };
    const Case cases[] = {
        {kLogin, 400, R"({"errors":["error validating token:\n invalid audience"]})",
         ErrorKind::kForbidden,
         "vault: the login at \"auth/gitlab/login\" as \"ci\" was refused: 400 Bad Request (error "
         "validating token: invalid audience); check the path of the auth method"},
        {kLogin, 404, R"({"errors":[]})", ErrorKind::kForbidden,
         "check the path of the auth method"},
        {kLogin, 503, R"({"errors":["Vault is sealed"]})", ErrorKind::kUnavailable,
         "503 Service Unavailable (Vault is sealed); is the server unsealed"},
        {kLogin, 200, "<html>login</html>", ErrorKind::kProtocol, "brought no token"},
        {kData, 403, R"({"errors":["1 error occurred:\n\t* permission denied\n\n"]})",
         ErrorKind::kForbidden,
         "kv-v2 \"ops/data/app/db\": 403 Forbidden (1 error occurred: * permission denied); do the "
         "policies"},
        {kData, 404, R"({"errors":[]})", ErrorKind::kNotFound, "check the path of the engine"},
        {kData, 200, R"({"data":{"data":null}})", ErrorKind::kNotFound, "is it deleted?"},
        {kData, 200, R"({"data":{"data":{"other":"x"}}})", ErrorKind::kNotFound,
         "has no field \"password\""},
        {kData, 200, R"({"data":{"data":{"password":"a\u0000b"}}})", ErrorKind::kInvalidInput,
         "NUL byte"},
        {kData, 200, "<html></html>", ErrorKind::kProtocol, "the answer is not JSON"},
        {kData, 418, "", ErrorKind::kProtocol, "418"},
    };
    for (const Case& one : cases) {
        answers_.clear();
        answer(one.call, one.status, one.body);
        const auto error = failure(secret());
        EXPECT_EQ(error.kind, one.kind) << error.message;
        EXPECT_THAT(error.message, HasSubstr(one.text));
        EXPECT_THAT(error.message, testing::Not(HasSubstr("eyJ.good")));
    }
}

TEST_F(Vault, IsNotAskedForWhatCannotBeRight) {
    using Change = std::function<void(VaultSecret&)>;
    const std::pair<Change, const char*> cases[] = {
        {[](VaultSecret& s) { s.url = ""; }, "VAULT_SERVER_URL) is empty"},
        {[](VaultSecret& s) { s.url = "unix:///var/run/docker.sock"; }, "must begin with https://"},
        {[](VaultSecret& s) { s.url = "vault:8200"; }, "VAULT_SERVER_URL)"},
        {[](VaultSecret& s) { s.auth_name = "approle"; }, "only jwt is"},
        {[](VaultSecret& s) { s.jwt = ""; }, "id_tokens"},
        {[](VaultSecret& s) { s.place.engine = "pki"; }, "the engine \"pki\" is not known"},
        {[](VaultSecret& s) { s.place.path = ""; }, "path is empty"},
        {[](VaultSecret& s) { s.place.field = ""; }, "field is empty"},
        {[](VaultSecret& s) { s.auth_path = "../sys"; }, "\"..\" is not possible"}};
    for (const auto& [change, text] : cases) {
        provider_.calls.clear();
        auto wish = secret();
        change(wish);
        const auto error = failure(wish);
        EXPECT_EQ(error.kind, ErrorKind::kInvalidInput) << text;
        EXPECT_THAT(error.message, HasSubstr(text));
        EXPECT_TRUE(provider_.calls.empty()) << text;
    }
}

TEST_F(Vault, ShowsOnlyTheBeginningOfALongRefusal) {
    answer(kLogin, 400, R"({"errors":[")" + std::string(5000, 'x') + R"("]})");
    EXPECT_LT(failure(secret()).message.size(), 700U);
}

TEST_F(Vault, IsReportedAsDownWhenItCannotBeReached) {
    answers_.insert_or_assign(kLogin,
                              base::make_error(ErrorKind::kUnavailable, "connect: refused"));
    EXPECT_EQ(failure(secret()).kind, ErrorKind::kUnavailable);
}

TEST_F(Vault, OfGitLabIsAskedWithTheLoginInTheRequest) {
    GitLabSecret wish{.url = "https://secrets.example.com",
                      .login_path = "auth/pipelines/login",
                      .jwt = "eyJ.own",
                      .role = "all",
                      .place = {"kv-v2", "g/kv", "explicit/DB", "value"}};
    provider_.answer = [](const std::string& call,
                          const Request& request) -> base::Result<Response> {
        EXPECT_EQ(call, "GET https://secrets.example.com:443/v1/g/kv/data/explicit/DB");
        const auto& headers = request.headers;
        EXPECT_EQ(headers.get("X-Vault-Inline-Auth-Path"), "auth/pipelines/login");
        EXPECT_EQ(headers.get("X-Vault-Inline-Auth-Operation"), "update");
        // {"key":"jwt","value":"eyJ.own"} and {"key":"role","value":"all"}, without padding
        EXPECT_EQ(headers.get("X-Vault-Inline-Auth-Parameter-jwt"),
                  "eyJrZXkiOiJqd3QiLCJ2YWx1ZSI6ImV5Si5vd24ifQ");
        EXPECT_EQ(headers.get("X-Vault-Inline-Auth-Parameter-role"),
                  "eyJrZXkiOiJyb2xlIiwidmFsdWUiOiJhbGwifQ");
        return tests::FakeProvider::json(200, R"({"data":{"data":{"value":"own"}}})");
    };
    EXPECT_EQ(resolve(wish).value(), "own");
    provider_.answer = [](const std::string&, const Request&) -> base::Result<Response> {
        auto refused = tests::FakeProvider::json(404, R"({"errors":["no auth method"]})");
        refused.headers.set("X-Vault-Inline-Auth-Failed", "true");
        return refused;
    };
    EXPECT_EQ(failure(wish).kind, ErrorKind::kForbidden) << "the secret is not missing";
    EXPECT_THAT(failure(wish).message, HasSubstr("the login was refused: 404"));
    wish.jwt.clear();
    EXPECT_EQ(failure(wish).kind, ErrorKind::kInvalidInput);
}

}  // namespace
