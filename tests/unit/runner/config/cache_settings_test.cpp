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
    EXPECT_THAT(problem_of(s3 + "BucketName = \"b\"\n"), HasSubstr("has no keys"));
    EXPECT_THAT(problem_of(s3 + "BucketName = \"b\"\nAccessKey = \"a\"\n"),
                HasSubstr("belong together"));
    EXPECT_THAT(problem_of(s3 + kKeys + "AuthenticationType = \"iam\"\n"),
                HasSubstr("the role of the machine is not used here"));
    EXPECT_THAT(problem_of(s3 + kKeys + "AuthenticationType = \"kerberos\"\n"),
                HasSubstr("use \"access-key\""));
    EXPECT_THAT(problem_of(s3 + kKeys + "RoleARN = \"arn:x\"\n"), HasSubstr("are not taken here"));
    EXPECT_THAT(problem_of(s3 + kKeys + "ServerAddress = \"https://x\"\n"),
                HasSubstr("more than a host and a port"));
    EXPECT_THAT(problem_of(s3 + kKeys + "ServerAddress = \"u:password@x:9000\"\n"),
                AllOf(HasSubstr("more than a host and a port"), Not(HasSubstr("password"))));
}

TEST(CacheSettings, NeedAKeyForGoogleAndAzure) {
    using testing::HasSubstr;
    const std::string gcs = "Type = \"gcs\"\n[runners.cache.gcs]\n";
    EXPECT_THAT(problem_of(gcs), HasSubstr("has no BucketName"));
    EXPECT_THAT(problem_of(gcs + "BucketName = \"b\"\nAccessID = \"a\"\n"),
                HasSubstr("has no key of a service account"));
    EXPECT_EQ(problem_of(gcs + "BucketName = \"b\"\nCredentialsFile = \"/f\"\n"), "");
    EXPECT_EQ(problem_of(gcs + "BucketName = \"b\"\nAccessID = \"a\"\nPrivateKey = \"k\"\n"), "");
    const std::string azure = "Type = \"azure\"\n[runners.cache.azure]\n";
    EXPECT_THAT(problem_of(azure), HasSubstr("has no ContainerName"));
    EXPECT_THAT(problem_of(azure + "ContainerName = \"c\"\n"), HasSubstr("has no AccountName"));
    EXPECT_THAT(problem_of(azure + "ContainerName = \"c\"\nAccountName = \"a\"\n"),
                HasSubstr("has no AccountKey"));
}

}  // namespace
