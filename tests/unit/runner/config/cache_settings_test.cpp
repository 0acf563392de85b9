#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/config/inspect.hpp"

namespace {

using namespace runner::config;

/// The problem that a [runners.cache] table has, "" for none.
std::string problem_of(const std::string& cache) {
    const std::string text =
        "[[runners]]\n  name = \"n\"\n  url = \"https://gitlab.example.com\"\n  token = \"t\"\n"
        "  executor = \"shell\"\n  [runners.cache]\n" +
        cache;
    const auto root = parse_toml(text, "config.toml");
    if (!root) return root.error().message;
    const auto found = inspect(*root, "config.toml");
    return found.config.runners.at(0).cache.problem;
}

constexpr const char* kKeys = "AccessKey = \"a\"\nSecretKey = \"s\"\nBucketName = \"b\"\n";

TEST(CacheSettings, AreCompleteOrNameWhatIsMissing) {
    using testing::AllOf;
    using testing::HasSubstr;
    using testing::Not;
    const std::string s3 = "Type = \"s3\"\n[runners.cache.s3]\n";
    EXPECT_EQ(problem_of(""), "");
    EXPECT_EQ(problem_of(s3 + kKeys), "");
    EXPECT_EQ(problem_of(s3 + kKeys + "AuthenticationType = \"Access-Key\"\n"), "");
    EXPECT_THAT(problem_of("Type = \"S3\"\n"), HasSubstr("is not known: use \"s3\", \"gcs\""));
    EXPECT_THAT(problem_of(s3), HasSubstr("has no BucketName"));
    EXPECT_EQ(problem_of(s3 + "BucketName = \"b\"\n"), "");
    EXPECT_THAT(problem_of(s3 + "BucketName = \"b\"\nAuthenticationType = \"access-key\"\n"),
                HasSubstr("has no keys"));
    EXPECT_THAT(problem_of(s3 + "BucketName = \"b\"\nAccessKey = \"a\"\n"),
                HasSubstr("belong together"));
    EXPECT_EQ(problem_of(s3 + kKeys + "AuthenticationType = \"iam\"\n"), "");
    EXPECT_THAT(problem_of(s3 + kKeys + "AuthenticationType = \"kerberos\"\n"),
                HasSubstr("use \"access-key\""));
    EXPECT_EQ(problem_of(s3 + kKeys + "RoleARN = \"arn:x\"\n"), "");
    EXPECT_THAT(problem_of(s3 + kKeys + "ServerAddress = \"https://x\"\n"),
                HasSubstr("more than a host and a port"));
    EXPECT_THAT(problem_of(s3 + kKeys + "ServerAddress = \"u:password@x:9000\"\n"),
                AllOf(HasSubstr("more than a host and a port"), Not(HasSubstr("password"))));
}

TEST(CacheSettings, OfGoogleAndAzureNameWhatIsWrong) {
    using testing::HasSubstr;
    const std::string gcs = "Type = \"gcs\"\n[runners.cache.gcs]\n";
    EXPECT_THAT(problem_of(gcs), HasSubstr("has no BucketName"));
    EXPECT_EQ(problem_of(gcs + "BucketName = \"b\"\n"), "");
    EXPECT_THAT(problem_of(gcs + "BucketName = \"b\"\nAccessID = \"a\"\n"),
                HasSubstr("belong together"));
    EXPECT_EQ(problem_of(gcs + "BucketName = \"b\"\nCredentialsFile = \"/f\"\n"), "");
    EXPECT_EQ(problem_of(gcs + "BucketName = \"b\"\nAccessID = \"a\"\nPrivateKey = \"k\"\n"), "");
    const std::string azure = "Type = \"azure\"\n[runners.cache.azure]\n";
    EXPECT_THAT(problem_of(azure), HasSubstr("has no ContainerName"));
    EXPECT_THAT(problem_of(azure + "ContainerName = \"c\"\n"), HasSubstr("has no AccountName"));
    const std::string account = azure + "ContainerName = \"c\"\nAccountName = \"a\"\n";
    EXPECT_EQ(problem_of(account), "");
    EXPECT_EQ(problem_of(account + "AccountKey = \"c2VjcmV0\"\n"), "");
    EXPECT_THAT(problem_of(account + "AccountKey = \"not a key!\"\n"),
                testing::AllOf(HasSubstr("AccountKey is not base64"),
                               testing::Not(HasSubstr("not a key!"))));
}

TEST(CacheSettings, HaveNamesThatStayInTheAddressOfTheirObjects) {
    using testing::HasSubstr;
    const std::string s3 = "[runners.cache.s3]\nAccessKey = \"a\"\nSecretKey = \"s\"\n";
    const auto path = [&](const std::string& text) {
        return problem_of("Type = \"s3\"\nPath = '" + text + "'\n" + s3 + "BucketName = \"b\"\n");
    };
    for (const char* good : {"team", "team/", "/a/b", "a..b", "a b", "ü"})
        EXPECT_EQ(path(good), "");
    for (const char* bad : {"..", "a/../b", "./a", "a?b", "a#b", "a\\b"})
        EXPECT_THAT(path(bad), HasSubstr("runners.cache.Path")) << bad;
    const auto bucket = [&](const std::string& text) {
        return problem_of("Type = \"s3\"\n" + s3 + "BucketName = '" + text + "'\n");
    };
    for (const char* good : {"b", "ci-caches", "my.bucket_1"}) EXPECT_EQ(bucket(good), "");
    for (const char* bad : {"..", ".", "a/b", "a?b", "a b", "a%2f"})
        EXPECT_THAT(bucket(bad), HasSubstr("is no name of a bucket")) << bad;
}

}  // namespace
