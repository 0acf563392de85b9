#include "protocol/cloud_identity/google_subject.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/unit/protocol/cloud_identity/fake_web.hpp"

namespace protocol::cloud_identity {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kZone = "http://169.254.169.254/latest/meta-data/placement/availability-zone";
constexpr const char* kRoles = "http://169.254.169.254/latest/meta-data/iam/security-credentials";
constexpr const char* kSession = "http://169.254.169.254/latest/api/token";
constexpr const char* kVerification =
    "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
constexpr std::int64_t kAugust30Of2015 = 1440938160;

/// The value of a header in a subject token.
std::string header(const json& token, const std::string& name) {
    for (const auto& entry : token.at("headers"))
        if (entry.at("key") == name) return entry.at("value");
    return "none";
}

class WorkloadsOnAws : public testing::Test {
  protected:
    /// The token, decoded; a text for a failure.
    json token() {
        const auto made = tests::run_to_end(
            context_, google_subject_token(web_.surroundings(), {{"audience", "//aud"},
                                                                 {"credential_source", source_}}));
        if (!made) return made.error().message;
        return base::parse_foreign_json(base::percent_decode(*made));
    }
    void answer_as_instance() {
        web_.answer(kSession, "TOKEN");
        web_.answer(kSession, "TOKEN");
        web_.answer(kZone, "eu-west-1b\n");
        web_.answer(kRoles, "ci-role\n");
        web_.answer(std::string(kRoles) + "/ci-role",
                    R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t",)"
                    R"("Expiration":"2030-01-02T03:04:05Z"})");
    }
    void set_keys() {
        web_.set("AWS_ACCESS_KEY_ID", "AKIA");
        web_.set("AWS_SECRET_ACCESS_KEY", "s");
    }

    boost::asio::io_context context_{1};
    tests::FakeWeb web_;
    json source_{{"environment_id", "aws1"},
                 {"region_url", kZone},
                 {"url", kRoles},
                 {"imdsv2_session_token_url", kSession},
                 {"regional_cred_verification_url", kVerification}};
};

TEST_F(WorkloadsOnAws, SignWithTheRoleOfTheInstance) {
    answer_as_instance();
    const json made = token();
    ASSERT_TRUE(made.is_object()) << made;
    EXPECT_EQ(made.at("method"), "POST");
    EXPECT_EQ(made.at("url"),
              "https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15");
    EXPECT_EQ(header(made, "host"), "sts.eu-west-1.amazonaws.com");
    EXPECT_EQ(header(made, "x-amz-security-token"), "t");
    EXPECT_EQ(header(made, "x-goog-cloud-target-resource"), "//aud");
    EXPECT_THAT(header(made, "Authorization"),
                AllOf(StartsWith("AWS4-HMAC-SHA256 Credential=ASIA/"),
                      HasSubstr("/eu-west-1/sts/aws4_request, SignedHeaders=host;x-amz-date;"
                                "x-amz-security-token;x-goog-cloud-target-resource, ")));
    for (const auto& call : web_.calls) {
        EXPECT_TRUE(call.local);
        const bool opens = call.url == kSession;
        EXPECT_EQ(call.request.method, opens ? "PUT" : "GET");
        EXPECT_EQ(call.request.headers.get("X-aws-ec2-metadata-token"), opens ? "" : "TOKEN");
    }
}

TEST_F(WorkloadsOnAws, NeedNoSessionWhereTheFileNamesNone) {
    answer_as_instance();
    source_.erase("imdsv2_session_token_url");
    EXPECT_TRUE(token().is_object());
    EXPECT_THAT(web_.urls(), ElementsAre(std::string("GET ") + kZone, std::string("GET ") + kRoles,
                                         std::string("GET ") + kRoles + "/ci-role"));
}

TEST_F(WorkloadsOnAws, TakeWhatTheEnvironmentHasFirst) {
    set_keys();
    web_.set("AWS_DEFAULT_REGION", "us-east-2");
    json made = token();
    EXPECT_EQ(header(made, "host"), "sts.us-east-2.amazonaws.com");
    EXPECT_EQ(header(made, "x-amz-security-token"), "none");
    web_.set("AWS_REGION", "us-east-1");
    web_.set("AWS_SESSION_TOKEN", "t");
    made = token();
    EXPECT_EQ(header(made, "host"), "sts.us-east-1.amazonaws.com");
    EXPECT_EQ(header(made, "x-amz-security-token"), "t");
    EXPECT_THAT(web_.calls, IsEmpty());
}

TEST_F(WorkloadsOnAws, SayWhatIsMissing) {
    EXPECT_THAT(token().dump(), AllOf(HasSubstr("the region of AWS"), HasSubstr("nobody")));
    web_.set("AWS_REGION", "evil.example.com/");
    EXPECT_THAT(token().dump(), HasSubstr("evil.example.com"));
    web_.set("AWS_REGION", "eu-west-1");
    EXPECT_THAT(token().dump(), AllOf(HasSubstr("the credentials of AWS"), HasSubstr("nobody")));
    source_.erase("url");
    EXPECT_THAT(token().dump(),
                HasSubstr("AWS_SECRET_ACCESS_KEY are not set, and the file has no"));
    set_keys();
    source_["regional_cred_verification_url"] = "nonsense";
    EXPECT_THAT(token().dump(), HasSubstr("regional_cred_verification_url"));
    web_.set("AWS_REGION", "");
    source_.erase("region_url");
    EXPECT_THAT(token().dump(), HasSubstr("AWS_REGION is not set"));
    source_["environment_id"] = "aws2";
    EXPECT_THAT(token().dump(), HasSubstr("aws2"));
}

TEST(AwsProofs, GiveTheSignatureThatAnotherProgramMakes) {
    const AwsProof proof{
        "https://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        "us-east-1", "//aud"};
    const auto made = aws_subject_token(
        proof, {"AKIDEXAMPLE", base::Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {}},
        kAugust30Of2015);
    ASSERT_TRUE(made);
    const json token = base::parse_foreign_json(base::percent_decode(*made));
    EXPECT_THAT(
        header(token, "Authorization"),
        HasSubstr("Signature=cff036a7c1c625bdda3cba579d4f70471ad7895d43493d5e5495534e0ce948ff"));
    EXPECT_EQ(made->find_first_of("{}\" "), std::string::npos) << "it is encoded";
}

}  // namespace
}  // namespace protocol::cloud_identity
