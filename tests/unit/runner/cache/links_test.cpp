#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "runner/cache/azure_provider.hpp"
#include "runner/cache/gcs_provider.hpp"
#include "runner/cache/s3_provider.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/runner/cache/link_fixture.hpp"

namespace {

using namespace runner::cache;
using base::ErrorKind;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

constexpr const char* kMetadata = "http://metadata.google.internal/computeMetadata/v1/instance/";
constexpr const char* kToken = R"({"access_token":"DAEMON","expires_in":3599})";
constexpr const char* kSignUrl =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci%40p.iam.com:signBlob";

class LinksByAnIdentity : public tests::LinkFixture {
  protected:
    LinksByAnIdentity() {
        runner_.cache.gcs.bucket_name = "b";
        runner_.cache.azure.account_name = "team";
        runner_.cache.azure.container_name = "c";
    }
    ObjectCache google() { return cache(make_gcs_provider(runner_, identities_)); }
    ObjectCache azure() { return cache(make_azure_provider(runner_, identities_)); }
    static std::string everything_of(const ObjectLink& link) {
        std::string all = link.url;
        for (const auto& [name, value] : link.headers) all += "\n" + name + ": " + value;
        return all;
    }
    void answer_as_machine_of_google() {
        const std::string account = std::string(kMetadata) + "service-accounts/default/";
        web_.answer(account + "email", "ci@p.iam.com\n");
        web_.answer(
            account + "token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform",
            kToken);
    }
    void answer_as_machine_of_azure() {
        web_.answer(
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
            "&resource=https%3A%2F%2Fstorage.azure.com",
            R"({"access_token":"DAEMON","expires_in":"3599"})");
    }

    tests::TempDir directory_;
};

TEST_F(LinksByAnIdentity, OfGoogleAreSignedByItsServiceAccount) {
    answer_as_machine_of_google();
    web_.answer(kSignUrl, R"({"keyId":"k","signedBlob":"AQL/"})");
    web_.answer(kSignUrl, R"({"keyId":"k","signedBlob":"AQL/"})");
    auto storage = google();
    const auto read = link(storage, LinkPurpose::kRead);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_THAT(read->url, AllOf(StartsWith("https://storage.googleapis.com/b/o?X-Goog-Algorithm="),
                                 HasSubstr("X-Goog-Credential=ci%40p.iam.com%2F"),
                                 HasSubstr("&X-Goog-Signature=0102ff")));
    EXPECT_THAT(read->headers, IsEmpty());
    const auto write = link(storage, LinkPurpose::kWrite);
    ASSERT_TRUE(write) << write.error().message;
    EXPECT_THAT(write->headers, Contains(Pair("x-goog-meta-cachekey", "my key")));
    EXPECT_THAT(write->url,
                HasSubstr("X-Goog-SignedHeaders=content-type%3Bhost%3Bx-goog-meta-cachekey&"));
    for (const auto& given : {*read, *write})
        EXPECT_THAT(everything_of(given), AllOf(Not(HasSubstr("DAEMON")), Not(HasSubstr("earer"))));
    EXPECT_EQ(web_.calls.back().request.headers.get("Authorization"), "Bearer DAEMON");
    EXPECT_EQ(web_.calls.size(), 4U) << "account and token are asked for once";
}

TEST_F(LinksByAnIdentity, OfGoogleSayWhatIsMissing) {
    answer_as_machine_of_google();
    web_.answer(kSignUrl,
                R"({"error":{"message":"Permission 'iam.serviceAccounts.signBlob' denied"}})", 403);
    auto storage = google();
    const auto refused = link(storage, LinkPurpose::kRead);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(ErrorKind::kConfiguration));
    EXPECT_THAT(refused.error().message,
                AllOf(StartsWith("sign an address as ci@p.iam.com: 403"),
                      HasSubstr("signBlob' denied"), HasSubstr("Service Account Token Creator"),
                      HasSubstr("or use the key of a service account")));

    const auto file = directory_.path() / "user.json";
    std::ofstream(file) << R"({"type":"authorized_user","client_id":"c"})";
    runner_.cache.gcs.credentials_file = file;
    auto of_a_user = google();
    const auto without = link(of_a_user, LinkPurpose::kWrite);
    ASSERT_FALSE(without);
    EXPECT_THAT(without.error().message,
                AllOf(HasSubstr("user.json is an identity without a service account"),
                      HasSubstr("use the key of a service account")));
}

TEST_F(LinksByAnIdentity, OfAWorkloadElsewhereAreSignedByTheAccountThatItImpersonates) {
    const auto file = directory_.path() / "federation.json";
    std::ofstream(directory_.path() / "jwt") << "JWT";
    std::ofstream(file) << R"({"type":"external_account","audience":"a",)"
                        << R"("token_url":"https://sts/token","subject_token_type":"jwt",)"
                        << R"("service_account_impersonation_url":)"
                        << R"("https://iam/accounts/ci@p.iam.com:generateAccessToken",)"
                        << R"("credential_source":{"file":")"
                        << (directory_.path() / "jwt").string() << R"("}})";
    runner_.cache.gcs.credentials_file = file;
    web_.answer("https://sts/token", kToken);
    web_.answer("https://iam/accounts/ci@p.iam.com:generateAccessToken",
                R"({"accessToken":"DAEMON2","expireTime":"2030-01-02T03:04:05Z"})");
    web_.answer("https://iam/accounts/ci@p.iam.com:signBlob", R"({"signedBlob":"AQL/"})");
    auto storage = google();
    const auto read = link(storage, LinkPurpose::kRead);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_THAT(read->url, HasSubstr("X-Goog-Credential=ci%40p.iam.com%2F"));
    EXPECT_EQ(web_.calls.back().request.headers.get("Authorization"), "Bearer DAEMON2");
}

TEST_F(LinksByAnIdentity, OfAzureAreSignedWithAKeyOfTheIdentity) {
    answer_as_machine_of_azure();
    const std::string address =
        "https://team.blob.core.windows.net/?restype=service&comp=userdelegationkey";
    web_.answer(address,
                "<?xml version=\"1.0\"?><UserDelegationKey><SignedOid>oid</SignedOid>"
                "<SignedTid>tid</SignedTid><SignedStart>2030-01-01T00:00:00Z</SignedStart>"
                "<SignedExpiry>2099-01-02T00:00:00Z</SignedExpiry><SignedService>b</SignedService>"
                "<SignedVersion>2020-12-06</SignedVersion><Value>a2V5</Value></UserDelegationKey>");
    auto storage = azure();
    const auto read = link(storage, LinkPurpose::kRead);
    const auto write = link(storage, LinkPurpose::kWrite);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(write) << write.error().message;
    EXPECT_THAT(read->url,
                AllOf(StartsWith("https://team.blob.core.windows.net/c/o?sv="), HasSubstr("&sp=r&"),
                      HasSubstr("&skoid=oid&sktid=tid&"), HasSubstr("&sig=")));
    EXPECT_THAT(write->url, HasSubstr("&sp=w&"));
    EXPECT_THAT(write->headers, Contains(Pair("x-ms-blob-type", "BlockBlob")));
    for (const auto& given : {*read, *write})
        EXPECT_THAT(everything_of(given), AllOf(Not(HasSubstr("DAEMON")), Not(HasSubstr("earer"))));
    EXPECT_EQ(web_.calls.size(), 2U) << "the key serves all links";
    EXPECT_THAT(web_.calls.back().request.body, HasSubstr("<KeyInfo><Start>"));
}

TEST_F(LinksByAnIdentity, OfAzureSayWhatIsMissing) {
    answer_as_machine_of_azure();
    web_.answer("https://team.blob.core.windows.net/?restype=service&comp=userdelegationkey",
                "<Error><Code>AuthorizationPermissionMismatch</Code></Error>", 403);
    auto storage = azure();
    const auto refused = link(storage, LinkPurpose::kRead);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message,
                AllOf(HasSubstr("AuthorizationPermissionMismatch"),
                      HasSubstr("Storage Blob Data Contributor"), HasSubstr("or set AccountKey")));
}

TEST_F(LinksByAnIdentity, OfAwsHaveTheSessionTokenInTheAddressAlone) {
    auto& s3 = runner_.cache.s3;
    s3.bucket_name = "b";
    s3.access_key = base::Secret("AK");
    s3.secret_key = base::Secret("SK");
    s3.session_token = base::Secret("SESSION");
    s3.server_side_encryption = "KMS";
    s3.server_side_encryption_key_id = "key-1";
    auto storage = cache(make_s3_provider(runner_, identities_));
    const auto write = link(storage, LinkPurpose::kWrite);
    ASSERT_TRUE(write) << write.error().message;
    EXPECT_THAT(write->url, HasSubstr("X-Amz-Security-Token=SESSION&X-Amz-Signature="));
    EXPECT_THAT(write->headers, ElementsAre(Key("x-amz-server-side-encryption"),
                                            Key("x-amz-server-side-encryption-aws-kms-key-id"),
                                            Key("content-type"), Key("x-amz-meta-cachekey")));
    EXPECT_THAT(everything_of(*write), Not(HasSubstr("SK")));
}

TEST_F(LinksByAnIdentity, TheDaemonItselfSendsItsToken) {
    web_.answer(std::string(kMetadata) +
                    "service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth"
                    "%2Fdevstorage.read_write",
                kToken);
    script_.answers.push_back({200, {}, "", {}});
    auto storage = google();
    EXPECT_TRUE(tests::run_to_end(context_, storage.look("o")));
    EXPECT_EQ(script_.requests.at(0).headers.get("Authorization"), "Bearer DAEMON");
}

}  // namespace
