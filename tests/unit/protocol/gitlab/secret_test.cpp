#include "protocol/gitlab/secret.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/files.hpp"
#include "protocol/gitlab/payload.hpp"

namespace {

using namespace protocol::gitlab;

std::map<std::string, Secret> secrets_of(const std::string& text) {
    auto payload = decode_payload(text);
    EXPECT_TRUE(payload) << (payload ? "" : payload.error().message);
    std::map<std::string, Secret> out;
    if (!payload) return out;
    for (const Secret& secret : payload->secrets) out[secret.variable] = secret;
    return out;
}

std::map<std::string, Secret> sample() {
    const auto text =
        base::read_file(RUNNER_SOURCE_DIR "/tests/data/gitlab/full_payload.json").value();
    return secrets_of(text);
}

std::string text_of(const VaultPlace& place) {
    return place.engine + " " + place.engine_path + " " + place.path + " " + place.field;
}

TEST(Secret, ReadsAPlaceInVault) {
    const Secret secret = sample().at("VAULT");
    EXPECT_FALSE(secret.file);
    const auto& vault = std::get<VaultSecret>(secret.source);
    EXPECT_EQ(vault.url, "$VAULT_SERVER_URL");
    EXPECT_EQ(vault.name_space, "team");
    EXPECT_EQ(vault.auth_name + " " + vault.auth_path, "jwt gitlab");
    EXPECT_EQ(vault.jwt + " " + vault.role, "$TOKEN ci");
    EXPECT_EQ(text_of(vault.place), "kv-v2 ops app/db password");
}

TEST(Secret, ReadsAPlaceInGitLabsOwnStore) {
    const Secret secret = sample().at("GITLAB");
    EXPECT_TRUE(secret.file) << "a secret is a file unless the job says otherwise";
    const auto& own = std::get<GitLabSecret>(secret.source);
    EXPECT_EQ(own.url, "https://secrets.example.com");
    EXPECT_EQ(own.login_path, "auth/pipelines/login");
    EXPECT_EQ(own.jwt + " " + own.role, "eyJ all");
    EXPECT_EQ(text_of(own.place), "kv-v2 secrets/kv explicit/DB value");
    const auto older = secrets_of(
        R"({"id": 1, "token": "t", "secrets": {"A": {"gitlab_secrets_manager": {
            "server": {"inline_auth": {"auth_mount": "pipeline_jwt"}}}}}})");
    EXPECT_EQ(std::get<GitLabSecret>(older.at("A").source).login_path, "auth/pipeline_jwt/login");
}

TEST(Secret, ReadsPlacesInClouds) {
    const auto all = sample();
    const auto& gcp = std::get<GcpSecret>(all.at("GCP").source);
    EXPECT_EQ(gcp.name + " " + gcp.version + " " + gcp.project_number, "db latest 42");
    EXPECT_EQ(gcp.pool_id + " " + gcp.provider_id + " " + gcp.jwt, "pool provider $TOKEN");
    const auto& azure = std::get<AzureSecret>(all.at("AZURE").source);
    EXPECT_EQ(azure.name + " " + azure.version + " " + azure.url, "db 2 https://v.vault.azure.net");
    EXPECT_EQ(azure.client_id + " " + azure.tenant_id + " " + azure.jwt, "c t $TOKEN");
    const auto& aws = std::get<AwsSecret>(all.at("AWS").source);
    EXPECT_EQ(aws.secret_id + " " + aws.version_id + " " + aws.version_stage + " " + aws.field,
              "app/db v-1 AWSCURRENT password");
    EXPECT_EQ(aws.region + " " + aws.role_arn + " " + aws.session_name + " " + aws.jwt,
              "eu-central-1 arn:aws:iam::1:role/r s $TOKEN");
}

TEST(Secret, OfAwsHasFieldsThatWinOverThoseOfTheServer) {
    const auto all = secrets_of(
        R"({"id": 1, "token": "t", "secrets": {"A": {"aws_secrets_manager": {
            "region": "us-east-1", "role_arn": "own", "role_session_name": "mine",
            "server": {"region": "eu-central-1", "role_arn": "r", "role_session_name": "s"}}}}})");
    const auto& aws = std::get<AwsSecret>(all.at("A").source);
    EXPECT_EQ(aws.region + " " + aws.role_arn + " " + aws.session_name, "us-east-1 own mine");
}

TEST(Secret, OfAnotherProviderNamesIt) {
    const Secret other = sample().at("OTHER");
    EXPECT_TRUE(std::holds_alternative<std::monostate>(other.source));
    EXPECT_EQ(other.unknown_providers, "akeyless");
}

}  // namespace
