#include "runner/cache/s3_provider.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using runner::cache::s3_encryption_headers;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(S3Encryption, HasTheOfficialHeaders) {
    const auto headers = [](std::string kind, std::string key) {
        runner::config::S3CacheSettings settings;
        settings.server_side_encryption = std::move(kind);
        settings.server_side_encryption_key_id = std::move(key);
        return s3_encryption_headers(settings);
    };
    const std::string name = "x-amz-server-side-encryption";
    const std::string key_name = name + "-aws-kms-key-id";
    EXPECT_THAT(headers("", "k"), IsEmpty());
    EXPECT_THAT(headers("rot13", ""), IsEmpty());
    for (const char* kind : {"S3", "s3", "AES256"})
        EXPECT_THAT(headers(kind, "k"), ElementsAre(Pair(name, "AES256")));
    for (const char* kind : {"KMS", "aws:kms"})
        EXPECT_THAT(headers(kind, "k"), ElementsAre(Pair(name, "aws:kms"), Pair(key_name, "k")));
    EXPECT_THAT(headers("KMS", ""), ElementsAre(Pair(name, "aws:kms")));
    for (const char* kind : {"DSSE-KMS", "aws:kms:dsse"})
        EXPECT_THAT(headers(kind, "k"),
                    ElementsAre(Pair(name, "aws:kms:dsse"), Pair(key_name, "k")));
}

}  // namespace
