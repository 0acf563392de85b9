#include "runner/script/git_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::git_config_value;
using runner::script::GitConfigWriter;
using runner::script::ScriptContext;
using runner::script::ShellWriter;
using testing::HasSubstr;
using testing::Not;
using tests::ScriptJob;

std::string in_environment(const ScriptJob& job) {
    return job.with_context([](const ScriptContext& context) {
        ShellWriter writer;
        GitConfigWriter(context).write(writer);
        return writer.body();
    });
}

TEST(GitConfig, AllowsBundlesUnlessTheFlagIsOff) {
    ScriptJob job;
    EXPECT_THAT(in_environment(job), HasSubstr("[transfer]\n\tbundleURI = true\n"));
    job.set("FF_USE_GIT_BUNDLE_URIS", "false");
    EXPECT_THAT(in_environment(job), Not(HasSubstr("bundleURI")));
}

TEST(GitConfig, QuotesItsValues) { EXPECT_EQ(git_config_value(R"(a "b" \c)"), R"("a \"b\" \\c")"); }

TEST(GitConfig, ReadsTheCredentialsFromAPrivateFile) {
    const std::string text = in_environment(ScriptJob());
    EXPECT_THAT(text, HasSubstr("[credential \"https://gitlab.example.com\"]"));
    EXPECT_THAT(text, HasSubstr("password=t-1"));
    EXPECT_THAT(text, HasSubstr("> '/builds/g/p.tmp/.gitlab-runner.login')"));
}

TEST(GitConfig, GivesTheLoginToBothAddressesOfTheServer) {
    ScriptJob job;
    job.runner.clone_url = "http://inner:8080";
    const std::string text = in_environment(job);
    EXPECT_THAT(text, HasSubstr("[credential \"http://inner:8080\"]"));
    EXPECT_THAT(text, HasSubstr("[credential \"https://gitlab.example.com\"]"));
}

TEST(GitConfig, ReplacesNoSshAddressesWhereTheCloneUrlIsOne) {
    ScriptJob job;
    job.runner.clone_url = "ssh://inner";
    job.set("CI_SERVER_HOST", "gitlab.example.com");
    job.set("GIT_SUBMODULE_FORCE_HTTPS", "true");
    EXPECT_THAT(in_environment(job), Not(HasSubstr("insteadOf")));
}

TEST(GitConfig, HasNoLoginForAnAddressWithoutCredentials) {
    ScriptJob job;
    job.payload.git_info.repo_url = "https://gitlab.example.com/g/p.git";
    EXPECT_THAT(in_environment(job), Not(HasSubstr("[credential")));
}

TEST(GitConfig, ReadsTheTokenFromTheVariableWhereItIsSet) {
    ScriptJob job;
    job.set("FF_GIT_URLS_WITHOUT_TOKENS", "true");
    EXPECT_THAT(in_environment(job), HasSubstr("password=$CI_JOB_TOKEN"));
    EXPECT_THAT(in_environment(job), Not(HasSubstr("t-1")));
}

TEST(GitConfig, NamesTheCertificatesThatTheJobHas) {
    ScriptJob job;
    EXPECT_THAT(in_environment(job), Not(HasSubstr("ssl")));
    job.predefined.ca_chain = "PEM";
    EXPECT_THAT(in_environment(job),
                HasSubstr("sslCAInfo = \"/builds/g/p.tmp/CI_SERVER_TLS_CA_FILE\""));
    EXPECT_THAT(in_environment(job), Not(HasSubstr("sslCert")));
}

TEST(GitConfig, ReplacesSshAddressesOfTheServerWhenAsked) {
    ScriptJob job;
    job.set("CI_SERVER_HOST", "gitlab.example.com");
    EXPECT_THAT(in_environment(job), Not(HasSubstr("insteadOf")));
    job.set("GIT_SUBMODULE_FORCE_HTTPS", "true");
    job.payload.job_info.project_full_path = "g/p";
    job.payload.git_info.repo_url = "https://gitlab.example.com/root/g/p.git";
    const std::string text = in_environment(job);
    EXPECT_THAT(text, HasSubstr("[url \"https://gitlab.example.com/root/\"]"));
    EXPECT_THAT(text, HasSubstr("insteadOf = \"git@gitlab.example.com:\""));
}

TEST(GitConfig, SendsTheCorrelationIdUnlessTheFlagIsOff) {
    ScriptJob job;
    job.settings.correlation_id = "01ABC";
    EXPECT_THAT(in_environment(job), HasSubstr("X-Gitaly-Correlation-ID: 01ABC"));
    job.set("FF_USE_GITALY_CORRELATION_ID", "false");
    EXPECT_THAT(in_environment(job), Not(HasSubstr("01ABC")));
}

TEST(GitConfig, SendsTheLoginAtOnceWhenTheFlagIsOn) {
    ScriptJob job;
    EXPECT_THAT(in_environment(job), Not(HasSubstr("proactiveAuth")));
    job.set("FF_USE_GIT_PROACTIVE_AUTH", "true");
    EXPECT_THAT(in_environment(job),
                HasSubstr("[http \"https://gitlab.example.com\"]\n\tproactiveAuth = \"basic\"\n"));
}

}  // namespace
