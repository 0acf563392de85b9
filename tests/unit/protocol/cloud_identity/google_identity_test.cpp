#include "protocol/cloud_identity/google_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/protocol/cloud_identity/fake_web.hpp"

namespace protocol::cloud_identity {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::HasSubstr;

class GoogleIdentities : public testing::Test {
  protected:
    std::string fetch(const std::string& file) {
        const auto source = make_google_identity(web_.surroundings(), file, "scope");
        const auto token = tests::run_to_end(context_, source->fetch());
        return token ? token->value.reveal() : "failed: " + token.error().message;
    }
    std::string file(const std::string& text) {
        const auto path = directory_.path() / "file.json";
        std::ofstream(path) << text;
        return path;
    }
    boost::asio::io_context context_{1};
    tests::FakeWeb web_;
    tests::TempDir directory_;
    const std::string answer_ = R"({"access_token":"T","expires_in":3599})";
};

TEST_F(GoogleIdentities, OfTheMachineComeFromItsMetadata) {
    const std::string path = "/computeMetadata/v1/instance/service-accounts/default/token";
    web_.answer("http://metadata.google.internal" + path + "?scopes=scope", answer_);
    EXPECT_EQ(fetch(""), "T");
    EXPECT_EQ(web_.calls[0].request.headers.get("Metadata-Flavor"), "Google");
    EXPECT_TRUE(web_.calls[0].local);
    web_.set("GCE_METADATA_HOST", "127.0.0.1:1");
    EXPECT_THAT(fetch(""), HasSubstr("get a token of the machine: nobody"));
    EXPECT_EQ(web_.calls[1].url, "http://127.0.0.1:1" + path + "?scopes=scope");
}

TEST_F(GoogleIdentities, OfAUserAreRefreshed) {
    web_.answer("https://oauth2.googleapis.com/token", answer_);
    EXPECT_EQ(fetch(file(R"({"type":"authorized_user","client_id":"c","client_secret":"s",)"
                         R"("refresh_token":"r"})")),
              "T");
    EXPECT_EQ(web_.calls[0].request.body,
              "grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r");
}

TEST_F(GoogleIdentities, OfAnotherProviderAreExchanged) {
    std::ofstream(directory_.path() / "jwt") << R"({"id":"JWT"})";
    const std::string begin =
        R"({"type":"external_account","audience":"aud","subject_token_type":"jwt",)"
        R"("token_url":"https://sts.googleapis.com/v1/token","credential_source":)";
    const std::string by_file = begin + R"({"file":")" + (directory_.path() / "jwt").string() +
                                R"(","format":{"type":"json","subject_token_field_name":"id"}})";
    web_.answer("https://sts.googleapis.com/v1/token", answer_);
    EXPECT_EQ(fetch(file(by_file + "}")), "T");
    EXPECT_THAT(
        web_.calls[0].request.body,
        AllOf(HasSubstr("subject_token=JWT"), HasSubstr("audience=aud"), HasSubstr("scope=scope")));
    web_.answer("https://sts.googleapis.com/v1/token", answer_);
    web_.answer("https://iam/impersonate",
                R"({"accessToken":"U","expireTime":"2030-01-02T03:04:05Z"})");
    const std::string other = R"(,"service_account_impersonation_url":"https://iam/impersonate"})";
    EXPECT_EQ(fetch(file(by_file + other)), "U");
    EXPECT_EQ(web_.calls.back().request.headers.get("Authorization"), "Bearer T");
    web_.answer("http://127.0.0.1:3/t", "JWT2");
    web_.answer("https://sts.googleapis.com/v1/token", R"({"error":{"message":"no"}})", 403);
    EXPECT_THAT(fetch(file(begin + R"({"url":"http://127.0.0.1:3/t","headers":{"A":"b"}}})")),
                HasSubstr("403  (no)"));
    EXPECT_THAT(fetch(file(begin + R"({"executable":{"command":"x"}}})")),
                AllOf(HasSubstr("is an executable, and no programs are started here"),
                      HasSubstr("a token in a file, one at a url, or aws1 works")));
    EXPECT_THAT(fetch(file(begin + R"({"certificate":{}}})")), HasSubstr("is not known here: a"));
    EXPECT_THAT(fetch(file(begin + "1}")), HasSubstr("failed: "));
    EXPECT_THAT(fetch(file("{}")), HasSubstr("is not known here"));
    EXPECT_THAT(fetch("/none"), HasSubstr("/none"));
}

TEST_F(GoogleIdentities, HaveTheirFileWhereGooglesToolsPutIt) {
    const auto variable = web_.surroundings().variable;
    EXPECT_EQ(google_credentials_file(variable), "");
    const auto usual = directory_.path() / ".config/gcloud/application_default_credentials.json";
    web_.set("HOME", directory_.path());
    EXPECT_EQ(google_credentials_file(variable), "");
    std::filesystem::create_directories(usual.parent_path());
    std::ofstream(usual) << "{}";
    EXPECT_EQ(google_credentials_file(variable), usual);
    web_.set("GOOGLE_APPLICATION_CREDENTIALS", "/a");
    EXPECT_EQ(google_credentials_file(variable), "/a");
}

TEST(GoogleKeys, AreThoseOfServiceAccounts) {
    const auto key = google_key_in(R"({"client_email":"a@b","private_key":"k"})");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->access_id, "a@b");
    EXPECT_TRUE(google_key_in(R"({"type":"external_account"})").error().is(ErrorKind::kNotFound));
    for (const char* bad : {"", "[]", "{}", R"({"type":"service_account","client_email":"a"})"})
        EXPECT_TRUE(google_key_in(bad).error().is(ErrorKind::kInvalidInput)) << bad;
}

}  // namespace
}  // namespace protocol::cloud_identity
