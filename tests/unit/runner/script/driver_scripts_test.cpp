#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "runner/script/driver_script.hpp"
#include "runner/script/former_files_by_shell.hpp"
#include "runner/script/job_scripts.hpp"
#include "runner/script/runner_program.hpp"
#include "tests/unit/runner/script/shell_test.hpp"

namespace {

using runner::script::BehaviourVariables;
using runner::script::JobScripts;
using runner::script::RunnerCall;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(RunnerCallText, ReplacesVariablesAndNothingElse) {
    RunnerCall call("artifacts-uploader");
    call.variable("CI_JOB_TOKEN", "s'")
        .flag("id", "7")
        .expanded("path", "a $B \"c\" `d` $(e) \\")
        .flag("untracked");
    EXPECT_EQ(call.text(),
              "CI_JOB_TOKEN='s'\\''' \"$_runner_program\" artifacts-uploader --id '7' --path \"a "
              "$B \\\"c\\\" \\`d\\` \\$(e) \\\\\" --untracked");
}

TEST(DriverScript, NamesItsShell) {
    EXPECT_THAT(runner::script::driver_script("", {}, "x"), StartsWith("#!/usr/bin/env bash\n"));
    EXPECT_THAT(runner::script::driver_script("sh", {}, "x"), StartsWith("#!/usr/bin/env sh\n"));
}

/// Runs scripts as a driver gets them, with nothing but PATH in the environment.
class DriverScriptsInShells : public tests::ShellTest {
  protected:
    template <typename Write>
    tests::ShellEnd run(Write write) {
        auto variables = this->variables();
        BehaviourVariables behaviour(variables);
        auto settings = ShellTest::settings();
        settings.description = "room";
        settings.shared_host = true;
        settings.by_driver = true;
        settings.helper = "no-such-helper";
        const JobScripts scripts(payload_, runner_, behaviour, settings);
        const std::string text =
            runner::script::driver_script("", variables.environment(), write(scripts));
        return tests::run_shell(GetParam(), text, dir_.path(), {});
    }
};

TEST_P(DriverScriptsInShells, BringTheirVariablesAndNeedNoHelper) {
    set("GREETING", "it's \"$WHO\"\n`x`");
    set("WHO", "me");
    set("KEY", "content", true);
    const auto prepared = run([](const JobScripts& scripts) { return scripts.steps.prepare(); });
    EXPECT_EQ(prepared.code, 0) << prepared.output;
    EXPECT_THAT(prepared.output, HasSubstr(" via room...\n"));
    std::filesystem::create_directories(directories_.project);
    protocol::gitlab::Step step;
    step.name = "script";
    step.script = {"echo \"$GREETING\"", "cat \"$KEY\""};
    const auto end = run([&](const JobScripts& scripts) { return scripts.steps.step(step); });
    EXPECT_EQ(end.code, 0) << end.output;
    EXPECT_THAT(end.output, HasSubstr("\nit's \"me\"\n`x`\n"));
    EXPECT_THAT(end.output, HasSubstr("content"));
}

TEST_P(DriverScriptsInShells, SayThatArtifactsNeedAProgram) {
    std::filesystem::create_directories(directories_.project);
    protocol::gitlab::Artifact artifact;
    artifact.paths = {"file"};
    artifact.when = "always";
    payload_.artifacts.push_back(artifact);
    const auto end =
        run([](const JobScripts& scripts) { return scripts.remote_artifacts.upload(true); });
    EXPECT_EQ(end.code, 0) << end.output;
    EXPECT_THAT(end.output, HasSubstr("Missing gitlab-runner. Uploading artifacts is disabled."));
    EXPECT_THAT(end.output, Not(HasSubstr("Uploading artifacts...")));
}

TEST_P(DriverScriptsInShells, GiveTheAddressesOfObjectsToTheProgram) {
    std::filesystem::create_directories(directories_.project);
    std::filesystem::create_directories(dir_.path() / "bin");
    const auto program = dir_.path() / "bin/gitlab-runner";
    std::ofstream(program) << "#!/bin/sh\necho \"call: $*\"\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    protocol::gitlab::Cache cache;
    cache.key = "k";
    cache.fallback_keys = {"f"};
    cache.paths = {"c/"};
    payload_.cache.push_back(cache);
    runner_.cache.max_uploaded_archive_size = 5;
    const runner::script::CacheLinks links{{"k", {"https://s/k?a=1&b='2'", {{"x-meta", "a b"}}}}};
    const std::string path = "export PATH=" + program.parent_path().string() + ":$PATH\n";
    const auto restored =
        run([&](const JobScripts& scripts) { return path + *scripts.caches.restore(links); });
    EXPECT_THAT(restored.output, HasSubstr("cache.zip --timeout 10 --url https://s/k?a=1&b='2'\n"));
    const auto saved =
        run([&](const JobScripts& scripts) { return path + *scripts.caches.archive(true, links); });
    EXPECT_THAT(saved.output, HasSubstr("--max-uploaded-archive-size 5 --url https://s/k?a=1&b='2' "
                                        "--header x-meta: a b --path c/\n"));
}

TEST_P(DriverScriptsInShells, RemoveWhatAFormerJobLeftInTheRepository) {
    const std::filesystem::path git = directories_.project + "/.git";
    for (const char* name :
         {"config", "index.lock", "hooks/post-checkout", "refs/heads/a.lock", "modules/s/config",
          "modules/s/hooks/x", "modules/s/index.lock", "HEAD", "refs/heads/main"}) {
        std::filesystem::create_directories((git / name).parent_path());
        std::ofstream(git / name) << "x";
    }
    const std::string command =
        runner::script::clean_repository_by_shell(directories_.project, true);
    EXPECT_EQ(tests::run_shell(GetParam(), command, dir_.path(), {}).code, 0);
    std::set<std::string> left;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(git)) {
        if (entry.is_regular_file()) left.insert(entry.path().lexically_relative(git).string());
    }
    EXPECT_EQ(left, (std::set<std::string>{"HEAD", "refs/heads/main"}));
}

INSTANTIATE_TEST_SUITE_P(All, DriverScriptsInShells, testing::ValuesIn(tests::shells()),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
