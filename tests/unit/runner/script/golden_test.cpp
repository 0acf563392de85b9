#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/files.hpp"
#include "tests/unit/runner/script/written_scripts.hpp"

/// The scripts of whole jobs against files in tests/data/scripts. After a wanted change of the
/// scripts, run this program with UPDATE_GOLDEN=1 and read the difference.
namespace {

using tests::ScriptJob;

ScriptJob plain_job() {
    ScriptJob job;
    job.predefined.short_token = "abc";
    job.settings.description = "runner-abc-project-1-concurrent-0 via host";
    job.settings.helper = "/opt/runner-helper/runner-helper";
    job.settings.cache_dir = "/cache";
    job.settings.project_slug = "g/p";
    auto& payload = job.payload;
    payload.job_info.name = "build";
    payload.job_info.project_full_path = "g/p";
    payload.git_info.repo_url = "https://gitlab-ci-token:t-1@gitlab.example.com/root/g/p.git";
    payload.git_info.ref = "main";
    payload.git_info.sha = std::string(40, 'a');
    payload.git_info.refspecs = {"+refs/heads/main:refs/remotes/origin/main"};
    payload.allow_git_fetch = true;
    payload.features.trace_sections = true;
    payload.steps = {
        {.name = "script", .script = {"echo 'hello'", "if true; then\n  make\nfi"}, .when = ""},
        {.name = "release", .script = {"release --name $CI_COMMIT_TAG"}, .when = ""},
        {.name = "after_script", .script = {"echo done"}, .when = ""}};
    return job;
}

/// Every setting that adds lines: hooks, submodules, own TLS files, caches, artifacts.
ScriptJob job_with_all_settings() {
    ScriptJob job = plain_job();
    job.predefined.ca_chain = "PEM";
    job.predefined.tls_cert = "CERT";
    job.predefined.tls_key = "KEY";
    job.settings.correlation_id = "01ABC";
    auto& runner = job.runner;
    runner.pre_get_sources_script = "echo before sources";
    runner.post_get_sources_script = "echo after sources";
    runner.pre_build_script = "echo before build";
    runner.post_build_script = "echo after build";
    runner.clone_url = "https://inner.example.com/sub/";
    auto& payload = job.payload;
    payload.hooks = {{"pre_get_sources_script", {"echo job before"}},
                     {"post_get_sources_script", {"echo job after"}}};
    payload.git_info.depth = 20;
    protocol::gitlab::Cache cache;
    cache.key = "$CI_COMMIT_TAG/../deps";
    cache.paths = {"vendor/$DIR", "`x`"};
    cache.fallback_keys = {"main", "../other"};
    protocol::gitlab::Cache pull_only = cache;
    pull_only.policy = "pull";
    pull_only.when = "always";
    payload.cache = {cache, pull_only};
    protocol::gitlab::Artifact artifact;
    artifact.name = "$CI_JOB_NAME";
    artifact.paths = {"out/"};
    artifact.exclude = {"out/*.o"};
    artifact.untracked = true;
    artifact.artifact_format = "zip";
    payload.artifacts = {artifact, protocol::gitlab::Artifact{}};
    job.set("CI_COMMIT_TAG", "v1");
    job.set("SECRET_FILE", "it's\nsecret\n", true);
    job.set("CI_SERVER_HOST", "gitlab.example.com");
    job.set("CI_SERVER_SHELL_SSH_PORT", "2222");
    job.set("GIT_SUBMODULE_STRATEGY", "recursive");
    job.set("GIT_SUBMODULE_FORCE_HTTPS", "true");
    job.set("GIT_SUBMODULE_UPDATE_FLAGS", "--remote --jobs 4");
    job.set("GIT_SUBMODULE_PATHS", ":(exclude)big small");
    job.set("GIT_CLEAN_FLAGS", "-ffdx -e keep/");
    job.set("CACHE_FALLBACK_KEY", "last");
    job.set("CACHE_COMPRESSION_LEVEL", "fast");
    job.set("ARTIFACT_COMPRESSION_LEVEL", "slowest");
    job.set("CI_DEBUG_TRACE", "true");
    for (const char* flag :
         {"FF_SCRIPT_SECTIONS", "FF_ENABLE_BASH_EXIT_CODE_CHECK", "FF_ENABLE_JOB_CLEANUP"})
        job.set(flag, "true");
    return job;
}

ScriptJob job_with_sources_by_daemon() {
    ScriptJob job = job_with_all_settings();
    job.settings.sources_by_daemon = true;
    job.set("FF_GIT_URLS_WITHOUT_TOKENS", "true");
    job.set("GIT_TRACE", "true");
    return job;
}

ScriptJob job_of_shell_executor() {
    ScriptJob job = plain_job();
    job.predefined.shared_environment = true;
    job.settings.shared_host = true;
    job.payload.allow_git_fetch = false;
    job.payload.git_info.repo_object_format = "sha256";
    job.set("FF_GIT_URLS_WITHOUT_TOKENS", "true");
    job.set("FF_ENABLE_JOB_CLEANUP", "true");
    job.set("GIT_SUBMODULE_STRATEGY", "normal");
    job.set("GIT_LFS_SKIP_SMUDGE", "yes");
    return job;
}

ScriptJob job_without_sources() {
    ScriptJob job = plain_job();
    job.set("GIT_STRATEGY", "none");
    return job;
}

ScriptJob job_without_checkout() {
    ScriptJob job = plain_job();
    job.payload.git_info.repo_url = "file:///srv/g/p.git";
    job.set("GIT_CHECKOUT", "false");
    job.set("GIT_STRATEGY", "clone");
    job.set("GIT_FETCH_EXTRA_FLAGS", "none");
    return job;
}

struct GoldenCase {
    const char* name;
    ScriptJob (*make)();
};

class GoldenScripts : public testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenScripts, EqualTheGoldenFile) {
    const auto file = std::filesystem::path(RUNNER_SOURCE_DIR) / "tests/data/scripts" /
                      (std::string(GetParam().name) + ".txt");
    const std::string written = tests::written_scripts(GetParam().make());
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream(file, std::ios::binary) << written;
    }
    const auto expected = base::read_file(file);
    ASSERT_TRUE(expected) << expected.error().message;
    EXPECT_EQ(written, *expected);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenScripts,
                         testing::Values(GoldenCase{"plain", plain_job},
                                         GoldenCase{"all_settings", job_with_all_settings},
                                         GoldenCase{"sources_by_daemon",
                                                    job_with_sources_by_daemon},
                                         GoldenCase{"shell_executor", job_of_shell_executor},
                                         GoldenCase{"without_sources", job_without_sources},
                                         GoldenCase{"without_checkout", job_without_checkout}),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

}  // namespace
