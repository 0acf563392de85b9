#include "runner/script/secret_texts.hpp"

#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

namespace gitlab = protocol::gitlab;
using runner::script::expand_secrets;
using runner::script::TextExpander;

class SecretTexts : public testing::Test {
  protected:
    template <typename Source>
    Source expanded(Source source) {
        job_.set("A", "$B");
        job_.set("B", "b");
        std::vector<gitlab::Secret> secrets;
        secrets.push_back({.variable = "S", .source = std::move(source)});
        const auto variables = job_.variables();
        TextExpander texts(variables);
        expand_secrets(secrets, texts);
        EXPECT_EQ(texts.problem(), "");
        return std::get<Source>(secrets.at(0).source);
    }

    tests::ScriptJob job_;
};

TEST_F(SecretTexts, HaveTheirVariablesReplaced) {
    const auto vault = expanded(gitlab::VaultSecret{
        "https://$A", "n$A", "$A", "p$A", "j$A", "r$A", {"e$A", "m$A", "s/$A", "f$A"}});
    EXPECT_EQ(vault.url + vault.name_space + vault.auth_name + vault.auth_path, "https://bnbbpb");
    EXPECT_EQ(vault.jwt + vault.role, "jbrb");
    const auto& place = vault.place;
    EXPECT_EQ(place.engine + place.engine_path + place.path + place.field, "ebmbs/bfb");
    const auto gcp = expanded(gitlab::GcpSecret{"1$A", "2$A", "3$A", "4$A", "5$A", "6$A"});
    EXPECT_EQ(gcp.name + gcp.version + gcp.project_number, "1b2b3b");
    EXPECT_EQ(gcp.pool_id + gcp.provider_id + gcp.jwt, "4b5b6b");
    const auto azure = expanded(gitlab::AzureSecret{"1$A", "2$A", "3$A", "4$A", "5$A", "6$A"});
    EXPECT_EQ(azure.name + azure.version + azure.client_id, "1b2b3b");
    EXPECT_EQ(azure.tenant_id + azure.jwt + azure.url, "4b5b6b");
}

TEST_F(SecretTexts, OfGitLabsOwnStoreStayAsTheyAre) {
    const auto own =
        expanded(gitlab::GitLabSecret{"$A", "$A", "$A", "$A", {"$A", "$A", "$A", "$A"}});
    EXPECT_EQ(own.url + own.login_path + own.jwt + own.role + own.place.path, "$A$A$A$A$A");
}

TEST_F(SecretTexts, GiveARoleOfAwsTheNameOfTheJobsSession) {
    job_.set("CI_JOB_ID", "12");
    job_.set("CI_PROJECT_ID", "7");
    job_.set("CI_SERVER_HOST", "gitlab.example.com");
    gitlab::AwsSecret secret{"1$A", "2$A", "3$A", "4$A", "5$A", "6$A", "", "7$A"};
    const auto aws = expanded(secret);
    EXPECT_EQ(aws.session_name, "12-7-gitlab.example.com");
    EXPECT_EQ(aws.secret_id + aws.version_id + aws.version_stage + aws.field, "1b2b3b4b");
    EXPECT_EQ(aws.region + aws.role_arn + aws.jwt, "5b6b7b");
    secret.session_name = std::string(70, 'x') + "$A";
    EXPECT_EQ(expanded(secret).session_name, std::string(64, 'x'));
}

}  // namespace
