#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runner/script/step_writer.hpp"
#include "tests/unit/runner/script/get_sources_fixture.hpp"

/// What a former job of the same slot leaves in its directories must not run in the next job, and
/// must not make it fail.
namespace {

namespace fs = std::filesystem;
using runner::script::BehaviourVariables;
using runner::script::ScriptContext;
using runner::script::StepWriter;
using testing::HasSubstr;
using testing::Not;

class FormerJob : public tests::GetSources {
  protected:
    void SetUp() override {
        GetSources::SetUp();
        if (IsSkipped()) return;
        evil_ = dir_.path() / "evil";
        std::ofstream(evil_) << "#!/bin/sh\ntouch '" << mark().string() << "'\ncat\n";
        fs::permissions(evil_, fs::perms::owner_all);
        make_submodules();
        set("GIT_SUBMODULE_STRATEGY", "recursive");
        runner_.pre_get_sources_script = "export GIT_CONFIG_GLOBAL='" + global_.string() + "'";
    }
    /// The project has the submodule "sub", which has the submodule "deep".
    void make_submodules() {
        global_ = dir_.path() / "global";
        std::ofstream(global_) << "[protocol \"file\"]\n\tallow = always\n"
                                  "[safe]\n\tdirectory = *\n";
        git("export GIT_CONFIG_GLOBAL=\"$PWD/global\"; for name in leaf middle; do git init -q -b "
            "main $name; (cd $name; echo $name > file; git add .; git commit -q -m c); done; cd "
            "middle; git submodule --quiet add ../leaf deep; git commit -q -m deep; cd ../origin; "
            "git submodule --quiet add ../middle sub; git commit -q -m sub");
        payload_.git_info.sha = git("git -C origin rev-parse HEAD");
    }
    [[nodiscard]] fs::path mark() const { return dir_.path() / "mark"; }

    /// Runs a script as the former job, in the project.
    void former_job(const std::string& script) {
        const auto end =
            tests::run_shell(GetParam(),
                             "cd '" + directories_.project + "'\nexport GIT_CONFIG_GLOBAL='" +
                                 global_.string() + "' EVIL='" + evil_.string() +
                                 "' GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a "
                                 "GIT_COMMITTER_EMAIL=a@b\n" +
                                 script,
                             dir_.path());
        fs::remove(mark());
        ASSERT_EQ(end.code, 0) << script << "\n" << end.output;
    }
    /// The stages of the next job: prepare_script, get_sources, and a script that uses git.
    tests::ShellEnd next_job() {
        const auto variables = this->variables();
        BehaviourVariables behaviour(variables);
        const ScriptContext context(payload_, runner_, behaviour, settings());
        const auto prepared =
            tests::run_shell(GetParam(), StepWriter(context).prepare(), dir_.path());
        if (prepared.code != 0) return prepared;
        auto fetched = fetch();
        if (fetched.code != 0) return fetched;
        const auto used = tests::run_shell(
            GetParam(),
            "set -e\ncd '" + directories_.project + "'\nexport GIT_CONFIG_GLOBAL='" +
                global_.string() +
                "'\ngit status\ngit log -1 -p > log.txt\ngit submodule status --recursive\n"
                "git checkout -q -B work\n",
            dir_.path());
        fetched.output += used.output;
        fetched.code = used.code;
        return fetched;
    }
    /// Each of the scripts runs in a project as a good job has left it. The next job is good, too.
    template <std::size_t kCount>
    void expect_good_jobs_after(const char* const (&scripts)[kCount]) {
        expect_good_job("a job without a former one");
        git("cp -a builds good");
        for (const char* script : scripts) {
            former_job(script);
            expect_good_job(script);
            git("rm -rf builds; cp -a good builds");
        }
    }
    void expect_good_job(const std::string& what) {
        const auto end = next_job();
        EXPECT_EQ(end.code, 0) << what << "\n" << end.output;
        EXPECT_FALSE(fs::exists(mark())) << what << " ran\n" << end.output;
        EXPECT_EQ(content(), "second\n") << what;
        EXPECT_EQ(content("sub/file"), "middle\n") << what;
        EXPECT_EQ(content("sub/deep/file"), "leaf\n") << what;
    }

    fs::path evil_;
    fs::path global_;
};

/// Long tables, in one shell: git and runner-helper do what they try.
class PlantedFiles : public FormerJob {};

TEST_P(PlantedFiles, InTheRepositoryDoNotRun) {
    const char* const plants[] = {
        "git config core.fsmonitor \"$EVIL\"",
        "git config core.hooksPath \"$PWD/../h\"; mkdir ../h; cp \"$EVIL\" ../h/post-checkout",
        "mkdir -p .git/hooks; for h in post-checkout reference-transaction post-index-change "
        "pre-auto-gc; do cp \"$EVIL\" .git/hooks/$h; done",
        "mkdir ../h; cp \"$EVIL\" ../h/post-checkout; rm -rf .git/hooks; ln -s \"$PWD/../h\" "
        ".git/hooks",
        // The template of the next repository.
        "mkdir -p ../p.tmp/git-template/hooks; cp \"$EVIL\" "
        "../p.tmp/git-template/hooks/post-checkout",
        "mkdir -p ../p.tmp/git-template; printf '[core]\\n\\tfsmonitor = %s\\n' \"$EVIL\" > "
        "../p.tmp/git-template/config",
        "mkdir -p ../t/hooks; cp \"$EVIL\" ../t/hooks/post-checkout; rm -rf ../p.tmp/git-template; "
        "ln -s ../t ../p.tmp/git-template",
        // Configuration that is read in another way.
        "git config extensions.worktreeConfig true; git config --worktree core.fsmonitor \"$EVIL\"",
        "printf '[core]\\n\\tfsmonitor = %s\\n' \"$EVIL\" > ../c; git config include.path "
        "\"$PWD/../c\"",
        "printf '[core]\\n\\tfsmonitor = %s\\n' \"$EVIL\" > ../c; rm .git/config; ln -s ../../c "
        ".git/config",
        "cp -r .git ../other; git --git-dir=../other config core.fsmonitor \"$EVIL\"; echo "
        "\"$PWD/../other\" > .git/commondir",
        "git config filter.x.smudge \"$EVIL\"; git config filter.x.clean \"$EVIL\"; mkdir -p "
        ".git/info; echo '* filter=x' > .git/info/attributes",
    };
    expect_good_jobs_after(plants);
}

TEST_P(PlantedFiles, InThePlaceOfTheRepositoryAreNotUsed) {
    const char* const plants[] = {
        "mv .git ../other; git --git-dir=../other config core.fsmonitor \"$EVIL\"; git "
        "--git-dir=../other config core.worktree \"$PWD\"; echo \"gitdir: $PWD/../other\" > .git",
        "mv .git ../other; git --git-dir=../other config core.fsmonitor \"$EVIL\"; ln -s ../other "
        ".git",
        "rm -rf .git; mkfifo .git",
    };
    expect_good_jobs_after(plants);
}

TEST_P(PlantedFiles, InTheRepositoriesOfSubmodulesDoNotRun) {
    const char* const plants[] = {
        "for m in .git/modules/sub .git/modules/sub/modules/deep; do git --git-dir=$m config "
        "core.fsmonitor \"$EVIL\"; done",
        "for m in .git/modules/sub .git/modules/sub/modules/deep; do mkdir -p $m/hooks; cp "
        "\"$EVIL\" $m/hooks/post-checkout; cp \"$EVIL\" $m/hooks/reference-transaction; done",
        "git -C sub config extensions.worktreeConfig true; git -C sub config --worktree "
        "core.fsmonitor \"$EVIL\"",
        "cp -r .git/modules/sub ../other; git --git-dir=../other config core.fsmonitor \"$EVIL\"; "
        "echo \"$PWD/../other\" > .git/modules/sub/commondir",
        "mv .git/modules/sub ../other; git --git-dir=../other config core.fsmonitor \"$EVIL\"; ln "
        "-s \"$PWD/../other\" .git/modules/sub",
        "mv .git/modules ../m; git --git-dir=../m/sub config core.fsmonitor \"$EVIL\"; ln -s "
        "../../m .git/modules",
    };
    expect_good_jobs_after(plants);
}

TEST_P(PlantedFiles, InThePlaceOfASubmoduleAreNotUsed) {
    const char* const plants[] = {
        "cp -r .git/modules/sub ../other; git --git-dir=../other config core.fsmonitor \"$EVIL\"; "
        "git --git-dir=../other config --unset core.worktree; echo \"gitdir: $PWD/../other\" > "
        "sub/.git",
        "rm sub/.git; cp -r .git/modules/sub sub/.git; sed -i /worktree/d sub/.git/config; git "
        "--git-dir=sub/.git config core.fsmonitor \"$EVIL\"",
        "rm -rf sub; mkdir ../s; cd ../s; git init -q; git config core.fsmonitor \"$EVIL\"; git "
        "commit -q --allow-empty -m x; ln -s ../s ../p/sub",
        "cd sub/deep; cp -r ../../.git/modules/sub/modules/deep ../../../other; git "
        "--git-dir=../../../other config core.fsmonitor \"$EVIL\"; git --git-dir=../../../other "
        "config --unset core.worktree; echo \"gitdir: $PWD/../../../other\" > .git",
    };
    expect_good_jobs_after(plants);
}

TEST_P(PlantedFiles, DoNotReplaceFilesOfTheCommit) {
    const char* const plants[] = {
        "echo bad > file; git update-index --skip-worktree file",
        "echo bad > file; git update-index --assume-unchanged file",
        "echo bad > file; git update-index --index-version 4 --skip-worktree file",
        "git sparse-checkout set --no-cone /sub; echo bad > file",
        "echo bad > file; git update-index --split-index --assume-unchanged file",
        "git replace $(git rev-parse HEAD:file) $(echo bad | git hash-object -w --stdin)",
        "git replace $(git rev-parse HEAD:file) $(echo bad | git hash-object -w --stdin); git "
        "pack-refs --all; rm -f file; touch .gitignore",
        "cd sub; echo bad > file; git update-index --skip-worktree file",
    };
    // The commit stays the same, so git would not look at the files again.
    expect_good_jobs_after(plants);
}

TEST_P(PlantedFiles, OfEveryKindDoNotBreakTheSlot) {
    const char* const plants[] = {
        "touch .git/index.lock .git/HEAD.lock .git/config.lock .git/shallow.lock "
        ".git/packed-refs.lock .git/FETCH_HEAD.lock .git/refs/remotes/origin/main.lock "
        ".git/objects/info/commit-graph.lock",
        "for m in .git/modules/sub .git/modules/sub/modules/deep; do touch $m/config.lock "
        "$m/index.lock $m/HEAD.lock $m/shallow.lock; done",
        "rm -rf ../p.tmp; mkdir -p ../p.tmp/gitlab_runner_env ../p.tmp/.gitlab-runner.ext.conf/x",
        "rm -rf ../p.tmp; ln -s ../elsewhere ../p.tmp",
        "rm -rf ../p.tmp; touch ../p.tmp",
        "mkdir -p ../p.tmp/git-template; cp \"$EVIL\" ../p.tmp/git-template/HEAD",
    };
    expect_good_jobs_after(plants);
}

TEST_P(PlantedFiles, ThatDamageTheRepositoryMakeANewOne) {
    const char* const plants[] = {
        "rm .git/HEAD; mkfifo .git/HEAD",
        "echo nonsense > .git/HEAD",
        "truncate -s 1T .git/HEAD .git/index .git/shallow .git/packed-refs sub/.git",
        "echo 0000000000000000000000000000000000000001 > .git/HEAD",
        "echo nonsense > .git/packed-refs",
        "echo nonsense > .git/index",
        "echo nonsense > .git/shallow",
        "rm -rf .git/objects",
        "rm -rf .git/objects; touch .git/objects",
        "rm -rf .git/refs; ln -s ../../r .git/refs",
        "find .git/objects -type f | while read -r f; do chmod u+w \"$f\"; : > \"$f\"; done",
        "echo 0000000000000000000000000000000000000001 > .git/refs/remotes/origin/main",
        "mkfifo .git/refs/remotes/origin/other",
        "echo /nowhere > .git/objects/info/alternates",
        "rm .git/modules/sub/HEAD",
        "rm -rf .git/modules/sub",
        "rm -rf .git/modules/sub/modules/deep/objects/*",
        "echo 'gitdir: /nowhere' > sub/.git",
    };
    expect_good_jobs_after(plants);
}

TEST_P(PlantedFiles, AndUnfinishedCommandsDoNotHinderTheNextJob) {
    const char* const plants[] = {
        "git checkout -q --detach; git worktree add -q ../w work",
        "git checkout -q --orphan x; git rm -rfq .",
        "git switch -q -c a; echo a > file; git commit -qam a; git switch -q -c b HEAD~1; echo b "
        "> file; git commit -qam b; git merge a || :",
        "git switch -q -c c; echo c > file; git commit -qam c; git switch -q -c d HEAD~1; echo d > "
        "file; git commit -qam d; git rebase c || :",
        "d=x; mkdir $d; chmod 0 $d",
        "i=0; while [ $i -lt 300 ]; do mkdir d; cd d; i=$((i + 1)); done",
    };
    expect_good_jobs_after(plants);
}

TEST_P(FormerJob, DoesNotLeadTheNextJobOutOfItsDirectories) {
    expect_good_job("a job without a former one");
    fs::create_directories(dir_.path() / "outside/p");
    std::ofstream(dir_.path() / "outside/kept") << "kept";
    former_job("cd ..; rm -rf p.tmp; ln -s '" + (dir_.path() / "outside").string() + "' p.tmp");
    expect_good_job("a link in the place of the temporary directory");
    former_job("cd ..; rm -rf p; ln -s '" + (dir_.path() / "outside").string() + "' p");
    expect_good_job("a link in the place of the project");
    EXPECT_TRUE(fs::exists(dir_.path() / "outside/kept"));
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(directories_.project)));
}

TEST_P(FormerJob, MayKeepItsConfigurationWhenTheAdministratorAllowsIt) {
    expect_good_job("a job without a former one");
    former_job(
        "git config user.name kept; touch .git/config.lock; mkdir -p .git/hooks; cp "
        "\"$EVIL\" .git/hooks/post-checkout");
    runner_.clean_git_config = false;
    expect_good_job("the configuration");
    EXPECT_THAT(content(".git/config"), HasSubstr("kept"));
    runner_.clean_git_config.reset();
    expect_good_job("the configuration");
    EXPECT_THAT(content(".git/config"), Not(HasSubstr("kept")));
}

TEST_P(FormerJob, LeavesItsObjectsToTheNextJob) {
    expect_good_job("a job without a former one");
    former_job("touch .git/kept; git gc -q; touch -r .git/kept .gitignore");
    const auto packs = git("ls builds/g/p/.git/objects/pack");
    const auto end = next_job();
    EXPECT_THAT(end.output, HasSubstr("Reinitialized existing Git repository"));
    EXPECT_THAT(end.output, Not(HasSubstr("Starting with an empty directory")));
    EXPECT_EQ(git("ls builds/g/p/.git/objects/pack"), packs);
}

INSTANTIATE_TEST_SUITE_P(Dash, PlantedFiles, testing::Values(tests::shells()[1]),
                         [](const auto& chosen) { return chosen.param.name; });
INSTANTIATE_TEST_SUITE_P(All, FormerJob, testing::ValuesIn(tests::shells()),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
