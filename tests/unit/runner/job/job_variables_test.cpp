#include "runner/job/job_variables.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.hpp"

namespace runner::job {
namespace {

class JobVariablesTest : public testing::Test {
  protected:
    script::Variables make() { return make_variables(payload_, runner_, record_); }
    std::string write(const std::string& name, const std::string& text) {
        const auto path = dir_.path() / name;
        std::ofstream(path) << text;
        return path.string();
    }

    tests::TempDir dir_;
    protocol::gitlab::JobPayload payload_;
    config::RunnerConfig runner_;
    journal::JobRecord record_;
};

TEST_F(JobVariablesTest, HaveTheSlotAndTheTokenOfTheRecord) {
    record_.short_token = "abc";
    record_.slot.concurrent_id = 3;
    record_.slot.concurrent_project_id = 2;
    const auto variables = make();
    EXPECT_EQ(variables.get("CI_RUNNER_SHORT_TOKEN"), "abc");
    EXPECT_EQ(variables.get("CI_CONCURRENT_ID"), "3");
    EXPECT_EQ(variables.get("CI_CONCURRENT_PROJECT_ID"), "2");
}

TEST_F(JobVariablesTest, SayWhetherTheEnvironmentIsShared) {
    runner_.executor = "shell";
    EXPECT_EQ(make().get("CI_SHARED_ENVIRONMENT"), "true");
    EXPECT_EQ(make().get("CI_DISPOSABLE_ENVIRONMENT"), "");
    runner_.executor = "docker";
    EXPECT_EQ(make().get("CI_SHARED_ENVIRONMENT"), "");
    EXPECT_EQ(make().get("CI_DISPOSABLE_ENVIRONMENT"), "true");
}

TEST_F(JobVariablesTest, HaveCertificateAndKeyTogetherOrNotAtAll) {
    runner_.tls_cert_file = write("cert.pem", "certificate");
    EXPECT_FALSE(make().has("CI_SERVER_TLS_CERT_FILE"));
    runner_.tls_key_file = (dir_.path() / "absent.pem").string();
    EXPECT_FALSE(make().has("CI_SERVER_TLS_CERT_FILE"));
    runner_.tls_key_file = write("key.pem", "key");
    EXPECT_EQ(make().content("CI_SERVER_TLS_CERT_FILE"), "certificate");
    EXPECT_EQ(make().content("CI_SERVER_TLS_KEY_FILE"), "key");
}

}  // namespace
}  // namespace runner::job
