#include "protocol/cloud_identity/aws_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/clock.hpp"
#include "protocol/cloud_identity/aws_profile.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/protocol/cloud_identity/fake_web.hpp"

namespace protocol::cloud_identity {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kSts = "https://sts.eu-west-1.amazonaws.com";
constexpr const char* kInstance = "http://169.254.169.254/latest/";
constexpr const char* kJson =
    R"({"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s1","Token":"t1",)"
    R"("Expiration":"2030-01-02T03:04:05Z"})";
constexpr const char* kXml =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA2</AccessKeyId>"
    "<SecretAccessKey>s2</SecretAccessKey><SessionToken>t2</SessionToken>"
    "<Expiration>2030-01-02T03:04:05Z</Expiration></Credentials></AssumeRoleResult>"
    "</AssumeRoleResponse>";

class AwsIdentities : public testing::Test {
  protected:
    static std::string shown(std::int64_t end) {
        if (end == kNoEnd) return "never";
        const std::int64_t left = end - base::unix_micros_now() / 1'000'000;
        return left > 0 && left <= 600 ? "soon" : std::to_string(end);
    }
    /// "key secret token end", or the failure.
    std::string fetch(AwsSource& source) {
        const auto found = tests::run_to_end(context_, source.fetch());
        if (!found) return "failed: " + found.error().message;
        const auto& keys = found->value;
        return keys.access_key + " " + keys.secret_key.reveal() + " " +
               keys.session_token.reveal() + " " + shown(found->end);
    }
    std::string chain() { return fetch(*make_aws_chain(web_.surroundings(), "eu-west-1")); }
    std::string file(const std::string& name, const std::string& text) {
        const auto path = directory_.path() / name;
        std::ofstream(path) << text;
        return path;
    }
    void answer_as_instance() {
        web_.answer(std::string(kInstance) + "api/token", "TOKEN");
        web_.answer(std::string(kInstance) + "meta-data/iam/security-credentials/", "ci-role\n");
        web_.answer(std::string(kInstance) + "meta-data/iam/security-credentials/ci-role", kJson);
    }

    boost::asio::io_context context_{1};
    tests::FakeWeb web_;
    tests::TempDir directory_;
    const std::string from_host_ = "ASIA1 s1 t1 1893553445";
    const std::string from_sts_ = "ASIA2 s2 t2 1893553445";
};

TEST_F(AwsIdentities, ComeFromTheEnvironmentFirst) {
    web_.set("AWS_ACCESS_KEY_ID", "AKIA");
    web_.set("AWS_SECRET_ACCESS_KEY", "s");
    web_.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/none");
    web_.set("AWS_ROLE_ARN", "arn:r");
    EXPECT_EQ(chain(), "AKIA s  never");
    web_.set("AWS_SESSION_TOKEN", "t");
    EXPECT_EQ(chain(), "AKIA s t never");
    EXPECT_THAT(web_.calls, IsEmpty());
}

TEST_F(AwsIdentities, OfAnInstanceNeedASessionOfItsMetadata) {
    answer_as_instance();
    EXPECT_EQ(chain(), from_host_);
    EXPECT_THAT(web_.urls(),
                ElementsAre("PUT http://169.254.169.254/latest/api/token",
                            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/",
                            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/"
                            "ci-role"));
    EXPECT_NE(web_.calls[0].request.headers.get("X-aws-ec2-metadata-token-ttl-seconds"), "");
    EXPECT_EQ(web_.calls[2].request.headers.get("X-aws-ec2-metadata-token"), "TOKEN");
    for (const auto& call : web_.calls) EXPECT_TRUE(call.local);
}

TEST_F(AwsIdentities, OfAnInstanceSayWhatIsMissing) {
    EXPECT_THAT(chain(),
                AllOf(HasSubstr("the environment and the shared files have no credentials"),
                      HasSubstr("http://169.254.169.254"), HasSubstr("nobody")));
    web_.answer(std::string(kInstance) + "api/token", "TOKEN");
    web_.answer(std::string(kInstance) + "meta-data/iam/security-credentials/", "", 404);
    EXPECT_THAT(chain(), HasSubstr("the instance has no role"));
    web_.answer(std::string(kInstance) + "api/token", "A\r\nB");
    EXPECT_THAT(chain(), HasSubstr("several lines"));
    web_.set("AWS_EC2_METADATA_DISABLED", "TRUE");
    EXPECT_THAT(chain(), HasSubstr("AWS_EC2_METADATA_DISABLED is set"));
    web_.set("AWS_EC2_METADATA_DISABLED", "");
    for (const char* bad : {"", "[]", "{}", R"({"Code":"Failed"})",
                            R"({"AccessKeyId":"a","SecretAccessKey":"s","Expiration":"soon"})"}) {
        web_.answer(std::string(kInstance) + "api/token", "TOKEN");
        web_.answer(std::string(kInstance) + "meta-data/iam/security-credentials/", "r");
        web_.answer(std::string(kInstance) + "meta-data/iam/security-credentials/r", bad);
        EXPECT_THAT(chain(), StartsWith("failed: ")) << bad;
    }
}

TEST_F(AwsIdentities, ShowNoMoreThanTheBeginningOfAServicesText) {
    web_.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x");
    web_.answer("http://169.254.170.2/v2/x", R"({"Code":")" + std::string(100'000, 'x') + "\"}");
    EXPECT_LT(chain().size(), 500U);
}

TEST_F(AwsIdentities, OfAContainerComeFromItsAddress) {
    web_.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x");
    web_.answer("http://169.254.170.2/v2/x", kJson);
    EXPECT_EQ(chain(), from_host_);
    web_.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "");
    web_.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
    web_.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file("token", "jwt\n"));
    web_.answer("http://169.254.170.23/v1/credentials", kJson);
    EXPECT_EQ(chain(), from_host_);
    EXPECT_EQ(web_.calls.back().request.headers.get("Authorization"), "jwt");
    web_.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/v1");
    EXPECT_THAT(chain(), HasSubstr("http://10.0.0.1:80 is not used"));
    web_.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file("token", "a\nb"));
    web_.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/v1");
    EXPECT_THAT(chain(), HasSubstr("several lines"));
}

TEST_F(AwsIdentities, TakeARoleByAWebIdentity) {
    web_.set("AWS_WEB_IDENTITY_TOKEN_FILE", file("jwt", "J W/T\n"));
    web_.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/ci");
    web_.answer(kSts, kXml);
    EXPECT_EQ(chain(), from_sts_);
    const auto& request = web_.calls.at(0).request;
    EXPECT_THAT(request.body, AllOf(HasSubstr("Action=AssumeRoleWithWebIdentity&"),
                                    HasSubstr("&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fci&"),
                                    HasSubstr("&WebIdentityToken=J%20W%2FT")));
    EXPECT_EQ(request.headers.get("Authorization"), "");
    EXPECT_FALSE(web_.calls.at(0).local);
    web_.answer(kSts,
                "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token expired"
                "</Message></Error></ErrorResponse>",
                400);
    EXPECT_THAT(chain(), HasSubstr("take the role arn:aws:iam::1:role/ci by a web identity: 400"));
    web_.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/none");
    EXPECT_THAT(chain(), HasSubstr("/none"));
}

TEST_F(AwsIdentities, TakeARoleWithOtherCredentials) {
    object_storage::AwsCredentials keys{"AKIA", base::Secret("s"), base::Secret("t")};
    RoleCalls calls(context_.get_executor(), base::system_clock());
    const auto role =
        make_aws_role(web_.surroundings(), calls, {"arn:r", "cn-north-1", 1}, make_aws_keys(keys));
    const std::string china = "https://sts.cn-north-1.amazonaws.com.cn";
    web_.answer(china, kXml);
    EXPECT_EQ(fetch(*role), from_sts_);
    const auto& request = web_.calls.at(0).request;
    EXPECT_EQ(request.method, "POST");
    EXPECT_THAT(std::string(request.headers.get("Authorization")),
                AllOf(StartsWith("AWS4-HMAC-SHA256 Credential=AKIA/"),
                      HasSubstr("/cn-north-1/sts/aws4_request")));
    EXPECT_EQ(request.headers.get("x-amz-security-token"), "t");
    EXPECT_THAT(request.body, HasSubstr("RoleSessionName=runner-cache-"));
    web_.answer(china, "<r>no credentials</r>");
    EXPECT_THAT(fetch(*role), HasSubstr("has no credentials"));
    web_.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9/sts");
    web_.answer("http://127.0.0.1:9/sts", kXml);
    EXPECT_EQ(fetch(*role), from_sts_);
}

TEST_F(AwsIdentities, ComeFromAProfileOfTheSharedFiles) {
    web_.set("AWS_CONFIG_FILE",
             file("config",
                  "[default]\nregion = x\n[profile base]\naws_access_key_id = AKB\n"
                  "aws_secret_access_key = sb\n[profile ci]\nrole_arn = arn:ci\n"
                  "source_profile = base\n[profile loop]\nrole_arn = arn:l\n"
                  "source_profile = loop\n[profile sso]\nsso_session = s\n"
                  "[profile process]\ncredential_process = /bin/false\n"
                  "[profile both]\ncredential_process = /bin/false\naws_access_key_id = AKP\n"
                  "aws_secret_access_key = sp\n"
                  "[profile host]\nrole_arn = arn:h\ncredential_source = Ec2InstanceMetadata\n"));
    web_.set("AWS_SHARED_CREDENTIALS_FILE", file("credentials",
                                                 "# keys\n[default]\naws_access_key_id=AKD\n"
                                                 "aws_secret_access_key = sd\n"));
    EXPECT_EQ(chain(), "AKD sd  soon") << "somebody may rotate the keys in the file";
    web_.set("AWS_PROFILE", "base");
    EXPECT_EQ(chain(), "AKB sb  soon");
    web_.set("AWS_PROFILE", "ci");
    web_.answer(kSts, kXml);
    EXPECT_EQ(chain(), from_sts_);
    EXPECT_THAT(std::string(web_.calls.back().request.headers.get("Authorization")),
                HasSubstr("Credential=AKB/"));
    web_.set("AWS_PROFILE", "host");
    answer_as_instance();
    web_.answer(kSts, kXml);
    EXPECT_EQ(chain(), from_sts_);
    web_.set("AWS_PROFILE", "loop");
    EXPECT_THAT(chain(), HasSubstr("leads in a circle"));
    web_.set("AWS_PROFILE", "sso");
    EXPECT_THAT(chain(), AllOf(HasSubstr("has sso_session, and nobody can log in here: keys, a"),
                               HasSubstr("the role of the machine")));
    web_.set("AWS_PROFILE", "process");
    EXPECT_THAT(chain(), HasSubstr("has credential_process, and no programs are started here"));
    web_.set("AWS_PROFILE", "both");
    EXPECT_EQ(chain(), "AKP sp  soon") << "keys come before a program";
    web_.set("AWS_PROFILE", "none");
    EXPECT_THAT(chain(), HasSubstr("the profile \"none\" is in no shared file"));
}

TEST(AwsProfiles, LeaveOutWhatIsNoSetting) {
    const auto profiles = parse_aws_profiles(
        "stray = 1\n[profile a]\nKEY = v = w\n s3 =\n  nested = 1\n; c\nnonsense\n[x]\ny=1\n[",
        true);
    ASSERT_EQ(profiles.size(), 1U);
    EXPECT_EQ(profiles.at("a"), (AwsProfile{{"key", "v = w"}}));
    EXPECT_THAT(parse_aws_profiles("[x]\ny=1", false).at("x").at("y"), "1");
}

}  // namespace
}  // namespace protocol::cloud_identity
