#include "protocol/object_storage/azure_sas.hpp"

#include <gtest/gtest.h>

namespace {

using namespace protocol::object_storage;

constexpr std::int64_t kBeginOfSas = 1369353600;

TEST(SignAzure, SignsTheFieldsInTheOrderOfTheReference) {
    Request request;
    request.path = "/ci/runner/x/project/1/a b";
    const AzureKey key{"team", base::Secret("YWNjb3VudCBrZXk=")};
    const auto signed_request =
        sign_azure(request, key, {"ci", "runner/x/project/1/a b", "w", true},
                   {kBeginOfSas, std::chrono::hours(1)});
    ASSERT_TRUE(signed_request);
    EXPECT_EQ(target_of(*signed_request),
              "/ci/runner/x/project/1/a%20b?sv=2020-12-06&sr=b&sp=w&st=2013-05-23T23%3A00%3A00Z&se="
              "2013-05-24T01%3A00%3A00Z&spr=https&sig="
              "cY9MfMzrKnt9Tyvinie1qiFg8LHJzIlF%2F6MKa129Ot8%3D");
}

TEST(SignAzureDelegated, SignsTheFieldsInTheOrderOfTheReference) {
    Request request;
    request.path = "/ci/a b";
    const AzureDelegation key{"oid",
                              "tid",
                              "2013-05-23T00:00:00Z",
                              "2013-05-25T00:00:00Z",
                              "b",
                              "2020-12-06",
                              base::Secret("ZGVsZWdhdGVkIGtleQ==")};
    const auto signed_request = sign_azure_delegated(request, "team", key, {"ci", "a b", "r", true},
                                                     {kBeginOfSas, std::chrono::hours(1)});
    ASSERT_TRUE(signed_request);
    EXPECT_EQ(target_of(*signed_request),
              "/ci/"
              "a%20b?sv=2020-12-06&sr=b&sp=r&st=2013-05-23T23%3A00%3A00Z&se=2013-05-24T01%3A00%"
              "3A00Z&spr=https"
              "&skoid=oid&sktid=tid&skt=2013-05-23T00%3A00%3A00Z&ske=2013-05-25T00%3A00%3A00Z&sks="
              "b&skv=2020-12-06&sig=25%2FOAPTwgODG4tXkSMC7lVqaX5%2BIv0rh5oK%2BKz8vzlc%3D");
}

TEST(SignAzure, RefusesAKeyThatIsNotBase64) {
    for (const char* key : {"", "no key!"}) {
        const auto made = sign_azure({}, {"team", base::Secret(key)}, {"ci", "o", "r", true}, {});
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().message, "the account's key is not base64");
        const auto delegated = sign_azure_delegated(
            {}, "team", {"", "", "", "", "", "", base::Secret(key)}, {"ci", "o", "r", true}, {});
        EXPECT_EQ(delegated.error().message, "the delegated key is not base64");
    }
}

}  // namespace
