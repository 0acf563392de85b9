#include "protocol/cloud_identity/azure_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/protocol/cloud_identity/fake_web.hpp"

namespace protocol::cloud_identity {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class AzureIdentities : public testing::Test {
  protected:
    std::string fetch() {
        const auto source = make_azure_identity(web_.surroundings(), "https://storage.azure.com");
        const auto token = tests::run_to_end(context_, source->fetch());
        return token ? token->value.reveal() : "failed: " + token.error().message;
    }
    boost::asio::io_context context_{1};
    tests::FakeWeb web_;
    tests::TempDir directory_;
    const std::string answer_ = R"({"access_token":"T","expires_in":"3599"})";
    const std::string machine_ =
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
        "https%3A%2F%2Fstorage.azure.com";
    const std::string login_ = "https://login.microsoftonline.com/tenant/oauth2/v2.0/token";
};

TEST_F(AzureIdentities, OfTheMachineComeFromItsMetadata) {
    web_.answer(machine_, answer_);
    EXPECT_EQ(fetch(), "T");
    EXPECT_EQ(web_.calls[0].request.headers.get("Metadata"), "true");
    EXPECT_TRUE(web_.calls[0].local);
    web_.set("AZURE_CLIENT_ID", "c");
    web_.answer(machine_ + "&client_id=c", answer_);
    EXPECT_EQ(fetch(), "T");
    web_.set("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1/");
    EXPECT_THAT(fetch(), HasSubstr("managed identity: nobody"));
    EXPECT_THAT(web_.calls.back().url, HasSubstr("http://127.0.0.1:1/metadata/identity"));
}

TEST_F(AzureIdentities, OfAClientNeedItsSecretOrAFederatedToken) {
    web_.set("AZURE_CLIENT_ID", "c");
    web_.set("AZURE_TENANT_ID", "tenant");
    std::ofstream(directory_.path() / "jwt") << "JWT\n";
    web_.set("AZURE_FEDERATED_TOKEN_FILE", directory_.path() / "jwt");
    web_.answer(login_, answer_);
    EXPECT_EQ(fetch(), "T");
    EXPECT_THAT(web_.calls.back().request.body,
                AllOf(HasSubstr("client_assertion=JWT"), HasSubstr("client_id=c"),
                      HasSubstr("scope=https%3A%2F%2Fstorage.azure.com%2F.default")));
    web_.set("AZURE_CLIENT_SECRET", "s e");
    web_.set("AZURE_AUTHORITY_HOST", "https://login.example.com/");
    web_.answer("https://login.example.com/tenant/oauth2/v2.0/token",
                R"({"error":"invalid_client","error_description":"AADSTS7000215: wrong"})", 401);
    EXPECT_THAT(fetch(), AllOf(HasSubstr("client of AZURE_CLIENT_ID: 401"),
                               HasSubstr("AADSTS7000215: wrong")));
    EXPECT_THAT(web_.calls.back().request.body, HasSubstr("client_secret=s%20e"));
}

TEST_F(AzureIdentities, OfAServiceComeFromItsAddress) {
    web_.set("IDENTITY_ENDPOINT", "http://127.0.0.1:2/token");
    web_.set("IDENTITY_HEADER", "h");
    web_.answer(
        "http://127.0.0.1:2/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com",
        answer_);
    EXPECT_EQ(fetch(), "T");
    EXPECT_EQ(web_.calls[0].request.headers.get("X-IDENTITY-HEADER"), "h");
}

TEST(AccessTokens, AreReadFromAnyFormOfAnswer) {
    const auto token = token_in(R"({"access_token":"T","expires_in":60.5})");
    ASSERT_TRUE(token);
    EXPECT_LE(token->end, base::unix_micros_now() / 1'000'000 + 60);
    EXPECT_GT(token->end, base::unix_micros_now() / 1'000'000 + 50);
    for (const char* bad :
         {"", "[]", "{}", R"({"access_token":"T"})", R"({"access_token":"","expires_in":1})",
          R"({"access_token":"a\nb","expires_in":1})", R"({"access_token":"T","expires_in":"x"})",
          R"({"access_token":1,"expires_in":1})"})
        EXPECT_FALSE(token_in(bad)) << bad;
}

}  // namespace
}  // namespace protocol::cloud_identity
