#include "protocol/object_storage/v4.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace protocol::object_storage;
using protocol::http::Scheme;

/// The examples of "Authenticating Requests: Using Query Parameters" in the S3 API reference, and
/// of AWS's test suite for version 4 signatures.
constexpr std::int64_t kMay24Of2013 = 1369353600;
constexpr std::int64_t kAugust30Of2015 = 1440938160;

AwsCredentials example_keys() {
    return {"AKIAIOSFODNN7EXAMPLE", base::Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), {}};
}

Request request_to(const std::string& host, const std::string& path) {
    Request request;
    request.origin = {Scheme::kHttps, host, 443, ""};
    request.path = path;
    return request;
}

std::string value_of(const Fields& fields, const std::string& name) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& field) { return field.first == name; });
    return found == fields.end() ? "" : found->second;
}

TEST(PresignAws, GivesTheSignatureOfTheReference) {
    const Request signed_request =
        presign_aws(request_to("examplebucket.s3.amazonaws.com", "/test.txt"), example_keys(),
                    "us-east-1", {kMay24Of2013, std::chrono::seconds(86400)});
    EXPECT_EQ(target_of(signed_request),
              "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE"
              "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
              "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    EXPECT_EQ(shown_address(signed_request), "https://examplebucket.s3.amazonaws.com/test.txt");
}

TEST(PresignAws, SignsEveryHeaderAndTheSessionToken) {
    Request request = request_to("b.example.com", "/k");
    request.method = "PUT";
    request.headers = {{"x-amz-meta-cachekey", "a  b "}, {"content-type", "text/plain"}};
    AwsCredentials keys = example_keys();
    const Request plain = presign_aws(request, keys, "eu-west-1", {kMay24Of2013});
    EXPECT_EQ(value_of(plain.query, "X-Amz-SignedHeaders"),
              "content-type;host;x-amz-meta-cachekey");
    EXPECT_EQ(value_of(plain.query, "X-Amz-Security-Token"), "");
    keys.session_token = base::Secret("tok/en");
    const Request temporary = presign_aws(request, keys, "eu-west-1", {kMay24Of2013});
    EXPECT_EQ(value_of(temporary.query, "X-Amz-Security-Token"), "tok/en");
    EXPECT_NE(value_of(temporary.query, "X-Amz-Signature"),
              value_of(plain.query, "X-Amz-Signature"));
    request.headers[0].second = "a b";  // blanks are folded before they are signed
    EXPECT_EQ(value_of(presign_aws(request, example_keys(), "eu-west-1", {kMay24Of2013}).query,
                       "X-Amz-Signature"),
              value_of(plain.query, "X-Amz-Signature"));
}

TEST(PresignAws, CountsNoLongerThanAWeek) {
    const auto expires = [](std::chrono::seconds lifetime) {
        return value_of(presign_aws(request_to("h", "/"), example_keys(), "r", {0, lifetime}).query,
                        "X-Amz-Expires");
    };
    EXPECT_EQ(expires(std::chrono::hours(24 * 30)), "604800");
    EXPECT_EQ(expires(std::chrono::seconds(0)), "1");
    EXPECT_EQ(expires(std::chrono::seconds(60)), "60");
}

TEST(SignAws, GivesTheSignatureOfTheTestSuite) {
    const AwsCredentials keys{
        "AKIDEXAMPLE", base::Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {}};
    const Request signed_request = sign_aws(request_to("example.amazonaws.com", "/"), keys,
                                            "us-east-1", "service", kAugust30Of2015, "");
    EXPECT_EQ(value_of(signed_request.headers, "authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
              "SignedHeaders=host;x-amz-date, "
              "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    EXPECT_EQ(value_of(signed_request.headers, "x-amz-date"), "20150830T123600Z");
}

TEST(PresignGoogle, RefusesWhatIsNoKey) {
    for (const char* text : {"", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n"}) {
        const auto made = presign_google(request_to("storage.googleapis.com", "/b/o"),
                                         {"me@example.com", base::Secret(text)}, {kMay24Of2013});
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().message, "the private key is not an RSA key in PEM format");
    }
}

TEST(Address, EscapesTheNamesOfObjects) {
    const Request request = request_to("h", "/b/runner/x/project/1/a b+ü%");
    EXPECT_EQ(target_of(request), "/b/runner/x/project/1/a%20b%2B%C3%BC%25");
}

}  // namespace
