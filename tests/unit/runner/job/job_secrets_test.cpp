#include "runner/job/job_secrets.hpp"

#include <gmock/gmock.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "runner/job/job_variables.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::job {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Not;

class JobSecretsTest : public testing::Test {
  protected:
    JobSecretsTest() { payload_.token = base::Secret("job-token"); }

    std::vector<std::string> secrets() {
        return job_secrets(payload_, make_variables(payload_, runner_, {}), runner_);
    }
    void set(const std::string& key, const std::string& value, bool masked) {
        protocol::gitlab::Variable variable;
        variable.key = key;
        variable.value = value;
        variable.masked = masked;
        variable.raw = true;
        payload_.variables.push_back(variable);
    }

    tests::TempDir dir_;
    protocol::gitlab::JobPayload payload_;
    config::RunnerConfig runner_;
};

TEST_F(JobSecretsTest, AreMaskedValuesAndTheToken) {
    set("SECRET", "hunter2-hunter3", true);
    set("PUBLIC", "shown-to-all", false);
    EXPECT_THAT(secrets(), AllOf(Contains("hunter2-hunter3"), Contains("job-token"),
                                 Not(Contains("shown-to-all"))));
}

TEST_F(JobSecretsTest, ArePasswordsOfThePayload) {
    payload_.credentials = {{.type = "registry",
                             .url = "registry.example.com",
                             .username = "ci",
                             .password = base::Secret("pass-word")}};
    EXPECT_THAT(secrets(),
                AllOf(Contains("pass-word"), Contains(base::base64_encode("ci:pass-word"))));
}

TEST_F(JobSecretsTest, TextsOfSensitiveInputs) {
    payload_.inputs = {{"key", "string", R"("open-sesame")", true},
                       {"keys", "array", R"(["in-a-list", {"x": "in-a-member"}, 5])", true},
                       {"name", "string", R"("not-a-secret")", false}};
    EXPECT_THAT(secrets(), AllOf(Contains("open-sesame"), Contains("in-a-list"),
                                 Contains("in-a-member"), Not(Contains("not-a-secret"))));
}

TEST_F(JobSecretsTest, ArePasswordsOfDeclaredRegistries) {
    const auto file = dir_.path() / "password";
    ASSERT_TRUE(base::write_file_atomic(file, "robot-pass\n", 0600));
    runner_.registries.resize(3);
    runner_.registries[0].username = runner_.registries[1].username = "robot";
    runner_.registries[0].password_file = file.string();
    runner_.registries[1].password_file = "/nonexistent";
    EXPECT_THAT(secrets(),
                AllOf(Contains("robot-pass"), Contains(base::base64_encode("robot:robot-pass"))));
}

TEST_F(JobSecretsTest, OfAShortPasswordIsOnlyThePair) {
    payload_.credentials = {
        {.type = "registry", .url = "r", .username = "u", .password = base::Secret("abc")}};
    EXPECT_THAT(secrets(), AllOf(Not(Contains("abc")), Contains(base::base64_encode("u:abc"))));
}

TEST_F(JobSecretsTest, AreTheLoginsOfDockerAuthConfig) {
    const std::string packed = base::base64_encode("user:from-config");
    for (const std::string& text :
         {R"({"auths": {"r.example.com": {"auth": ")" + packed + R"("}}})",
          R"({"r.example.com": {"auth": ")" + packed + R"("}})",
          std::string(R"({"auths": {"r": {"username": "user", "password": "from-config"}}})")}) {
        payload_.variables.clear();
        set("DOCKER_AUTH_CONFIG", text, false);
        EXPECT_THAT(secrets(), AllOf(Contains("from-config"), Contains(packed))) << text;
    }
    for (const char* text : {"", "no json", "[]", R"({"auths": 1})", R"({"auths": {"r": "x"}})",
                             R"({"auths": {"r": {"auth": 1}}})"}) {
        payload_.variables.clear();
        set("DOCKER_AUTH_CONFIG", text, false);
        EXPECT_EQ(secrets().size(), 1U) << text;
    }
}

}  // namespace
}  // namespace runner::job
