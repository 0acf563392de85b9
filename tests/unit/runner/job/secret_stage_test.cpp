#include "runner/job/secret_stage.hpp"

#include <gmock/gmock.h>

#include "runner/secrets/digest.hpp"
#include "tests/unit/runner/job/job_run_fixture.hpp"
#include "tests/unit/runner/secrets/fake_provider.hpp"

namespace runner::job {
namespace {

using base::ErrorKind;
using journal::FailureReason;
using journal::Phase;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tests::FakeProvider;

/// A job with secrets in a Vault that has one value for all of them.
class SecretStages : public tests::JobRunFixture {
  protected:
    SecretStages() {
        payload_.names_secrets = true;
        add("DB_PASSWORD");
        provider_.answer = [this](const std::string& call, const protocol::http::Request&) {
            if (call.starts_with("PUT "))
                return base::Result<FakeProvider::Response>(
                    FakeProvider::json(200, R"({"auth":{"client_token":"s.token"}})"));
            if (failures_ > 0) {
                --failures_;
                return base::Result<FakeProvider::Response>(FakeProvider::json(status_, ""));
            }
            return base::Result<FakeProvider::Response>(
                FakeProvider::json(200, R"({"data":{"data":{"password":")" + value_ + R"("}}})"));
        };
        clients_ = provider_.clients();
    }
    void add(const std::string& variable) {
        protocol::gitlab::VaultSecret vault{.url = "https://vault.example.com",
                                            .name_space = "",
                                            .auth_name = "jwt",
                                            .auth_path = "jwt",
                                            .jwt = "$ID_TOKEN",
                                            .role = "ci",
                                            .place = {"kv-v2", "ops", "db", "password"}};
        payload_.secrets.push_back({.variable = variable, .source = std::move(vault)});
        set("ID_TOKEN", "eyJ.identity");
    }
    void set(const std::string& key, const std::string& value) {
        protocol::gitlab::Variable variable;
        variable.key = key;
        variable.value = value;
        payload_.variables.push_back(std::move(variable));
    }
    void run() {
        on_call_ = [this](const std::string& call) {
            const bool has_secrets = !payload_.secrets.empty();
            if (!has_secrets || (call != "prepare" && call != "restore")) return;
            seen_ = job_->context().variables.get("DB_PASSWORD");
            content_ = job_->context().variables.content("DB_PASSWORD");
            checkpoint_text_ = job_->context().checkpoints.state().secret_digests.at("DB_PASSWORD");
        };
        JobRunFixture::run();
    }
    void take_up_a_running_job(const std::string& former_value) {
        checkpoint_.emplace();
        checkpoint_->phase = Phase::kRunning;
        checkpoint_->trace_state = "{}";
        checkpoint_->executor_state = "{}";
        checkpoint_->secret_digests["DB_PASSWORD"] = secrets::make_digest(former_value);
    }

    FakeProvider provider_;
    std::string value_ = "hunter2";
    int failures_ = 0;
    unsigned status_ = 503;
    std::string seen_;  ///< when the environment is made
    std::string content_;
    std::string checkpoint_text_;
};

TEST_F(SecretStages, GiveTheValueToTheJobAsAFileAndMaskIt) {
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_EQ(content_, "hunter2");
    EXPECT_THAT(seen_, testing::EndsWith("/DB_PASSWORD")) << "the path of a file";
    EXPECT_THAT(channel_.hidden, ElementsAre("eyJ.identity", "hunter2"));
    EXPECT_THAT(channel_.log, HasSubstr("[resolve_secrets\nResolving secrets\n"
                                        "Resolving secret \"DB_PASSWORD\"...\n"
                                        "Using \"vault\" secret resolver...\n]resolve_secrets\n"
                                        "[prepare_executor\n"));
}

TEST_F(SecretStages, GiveTheValueItselfWhenTheJobWantsNoFile) {
    payload_.secrets.at(0).file = false;
    run();
    EXPECT_EQ(seen_, "hunter2");
}

TEST_F(SecretStages, KeepOnlyADigestInTheJournal) {
    run();
    EXPECT_TRUE(secrets::matches_digest("hunter2", checkpoint_text_));
    EXPECT_THAT(checkpoint_text_, Not(HasSubstr("hunter2")));
}

TEST_F(SecretStages, HaveAHeadingWhenThereAreNoSecrets) {
    payload_.secrets.clear();
    run();
    EXPECT_THAT(channel_.log, HasSubstr("Resolving secrets\n"));
    channel_.log.clear();
    payload_.names_secrets = false;
    run();
    EXPECT_THAT(channel_.log, Not(HasSubstr("Resolving secrets")));
}

TEST_F(SecretStages, FailTheJobWithTheReasonOfTheProvider) {
    struct Case {
        unsigned status;
        FailureReason reason;
    };
    for (const Case one : {Case{403, FailureReason::kConfigurationError},
                           Case{404, FailureReason::kConfigurationError},
                           Case{503, FailureReason::kExternalDependency},
                           Case{418, FailureReason::kSystemFailure}}) {
        status_ = one.status;
        failures_ = 1;
        run();
        EXPECT_THAT(calls_, Not(Contains("prepare")));
        EXPECT_EQ(outcome_.failure->reason, one.reason) << one.status;
        EXPECT_THAT(
            outcome_.failure->message,
            HasSubstr("resolving secrets: secret \"DB_PASSWORD\": vault: kv-v2 \"ops/data/db\""));
        EXPECT_FALSE(journal_is_left());
    }
}

TEST_F(SecretStages, AreTriedAsOftenAsTheJobWants) {
    set("SECRETS_RETRIEVAL_ATTEMPTS", "3");
    failures_ = 2;
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_THAT(channel_.log, HasSubstr("503"));
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: Retrying...\n"));
    failures_ = 3;
    run();
    EXPECT_FALSE(outcome_.success());
}

TEST_F(SecretStages, MayBeMissingWhenTheJobSaysSo) {
    set("FF_SECRET_RESOLVING_FAILS_IF_MISSING", "false");
    status_ = 404;
    failures_ = 1;
    run();
    EXPECT_TRUE(outcome_.success());
    EXPECT_EQ(content_, "");
    EXPECT_THAT(channel_.log, HasSubstr("WARNING: secret \"DB_PASSWORD\": vault: kv-v2"));
    status_ = 403;
    failures_ = 1;
    run();
    EXPECT_FALSE(outcome_.success()) << "a refusal is not a missing value";
}

TEST_F(SecretStages, NameAProviderThatIsNotKnown) {
    payload_.secrets = {{.variable = "DB_PASSWORD", .unknown_providers = "akeyless"}};
    run();
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kConfigurationError);
    EXPECT_THAT(outcome_.failure->message, HasSubstr("does not know the provider akeyless"));
}

TEST_F(SecretStages, EndWhenTheJobIsCancelled) {
    stop_before_ = base::StopReason::kUserCancel;
    run();
    EXPECT_THAT(provider_.calls, testing::IsEmpty());
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kCanceled);
}

TEST_F(SecretStages, EndWithTheTimeOfTheJob) {
    payload_.timeout_seconds = 0;
    provider_.stalls = true;
    run();
    EXPECT_THAT(calls_, Not(Contains("prepare")));
    EXPECT_EQ(outcome_.failure->reason, FailureReason::kTimeout);
}

TEST_F(SecretStages, AreFetchedAgainByADaemonThatTakesTheJobUp) {
    take_up_a_running_job("hunter2");
    run();
    EXPECT_EQ(calls_.front(), "restore");
    EXPECT_TRUE(outcome_.success());
    EXPECT_EQ(content_, "hunter2");
    EXPECT_THAT(channel_.hidden, Contains("hunter2"));
    EXPECT_THAT(channel_.log, Not(HasSubstr("Resolving secret"))) << "the log has it already";
}

TEST_F(SecretStages, WaitForTheirProviderWhenADaemonTakesTheJobUp) {
    take_up_a_running_job("hunter2");
    failures_ = 3;
    run();
    EXPECT_TRUE(outcome_.success());
}

TEST_F(SecretStages, EndAJobWhoseScriptHasAFormerValue) {
    take_up_a_running_job("former");
    run();
    EXPECT_THAT(outcome_.failure->message, HasSubstr("has changed while the runner was restarted"));
    EXPECT_THAT(calls_, Not(Contains("run_stage"))) << "no output is read";
    EXPECT_THAT(calls_, Contains("cleanup"));
}

}  // namespace
}  // namespace runner::job
