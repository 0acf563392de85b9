#include "runner/cache/s3_address.hpp"

#include <gtest/gtest.h>

namespace {

using runner::cache::s3_address;
using runner::config::S3CacheSettings;

std::string shown(const S3CacheSettings& settings) {
    const auto address = s3_address(settings);
    if (!address) return address.error().message;
    return address->origin.text() + address->prefix + " " + address->region;
}

S3CacheSettings at(std::string server, std::string bucket = "b", std::string region = "") {
    S3CacheSettings settings;
    settings.server_address = std::move(server);
    settings.bucket_name = std::move(bucket);
    settings.bucket_location = std::move(region);
    return settings;
}

TEST(S3Address, IsAwsByDefault) {
    EXPECT_EQ(shown(at("")), "https://b.s3.dualstack.us-east-1.amazonaws.com:443/ us-east-1");
    EXPECT_EQ(shown(at("s3.amazonaws.com", "b", "eu-south-1")),
              "https://b.s3.dualstack.eu-south-1.amazonaws.com:443/ eu-south-1");
    EXPECT_EQ(shown(at("", "b", "cn-north-1")),
              "https://b.s3.dualstack.cn-north-1.amazonaws.com.cn:443/ cn-north-1");
    S3CacheSettings settings = at("");
    settings.dual_stack = false;
    EXPECT_EQ(shown(settings), "https://b.s3.us-east-1.amazonaws.com:443/ us-east-1");
    settings.accelerate = true;
    EXPECT_EQ(shown(settings), "https://b.s3-accelerate.amazonaws.com:443/ us-east-1");
}

TEST(S3Address, PutsTheBucketIntoThePathOfOtherServers) {
    EXPECT_EQ(shown(at("minio.example.com:9000")), "https://minio.example.com:9000/b/ us-east-1");
    EXPECT_EQ(shown(at("storage.googleapis.com")),
              "https://b.storage.googleapis.com:443/ us-east-1");
    S3CacheSettings settings = at("minio:80", "my.bucket", "x");
    settings.insecure = true;
    EXPECT_EQ(shown(settings), "http://minio:80/my.bucket/ x");
    settings.path_style = false;
    EXPECT_EQ(shown(settings), "http://my.bucket.minio:80/ x");
}

TEST(S3Address, PutsABucketWithADotIntoThePathBecauseOfTheCertificate) {
    EXPECT_EQ(shown(at("", "my.bucket")),
              "https://s3.dualstack.us-east-1.amazonaws.com:443/my.bucket/ us-east-1");
}

TEST(S3Address, NamesTheKeyOfAWrongAddress) {
    EXPECT_TRUE(shown(at("a:b:c")).starts_with("runners.cache.s3.ServerAddress: "));
}

}  // namespace
