#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/spreads_children.hpp"
#include "tests/unit/runner/script/get_sources_fixture.hpp"

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

using tests::GetSources;

TEST_P(GetSources, ChecksOutExactlyTheCommit) {
    payload_.git_info.sha = first_;
    expect_fetched();
    EXPECT_EQ(content(), "first\n");
    EXPECT_EQ(git("git -C '" + directories_.project + "' rev-parse HEAD"), first_);
}

TEST_P(GetSources, FetchKeepsTheRepositoryAndCleansTheTree) {
    payload_.git_info.sha = first_;
    expect_fetched();
    leave("untracked");
    leave("ignored");
    leave(".git/kept");
    leave(".git/index.lock");
    leave(".git/hooks/post-checkout");
    payload_.git_info.sha = second_;
    expect_fetched();
    EXPECT_EQ(content(), "second\n");
    EXPECT_FALSE(has("untracked"));
    EXPECT_FALSE(has("ignored"));
    EXPECT_FALSE(has(".git/hooks/post-checkout"));
    EXPECT_TRUE(has(".git/kept"));
}

TEST_P(GetSources, CleanFlagsDecideWhatStays) {
    expect_fetched();
    leave("untracked");
    leave("ignored");
    leave("kept");
    set("GIT_CLEAN_FLAGS", "-ffd -e kept");
    expect_fetched();
    EXPECT_FALSE(has("untracked"));
    EXPECT_TRUE(has("ignored"));
    EXPECT_TRUE(has("kept"));
    leave("untracked");
    set("GIT_CLEAN_FLAGS", "none");
    expect_fetched();
    EXPECT_TRUE(has("untracked"));
}

TEST_P(GetSources, CloneStartsOver) {
    expect_fetched();
    leave(".git/kept");
    set("GIT_STRATEGY", "clone");
    expect_fetched();
    EXPECT_FALSE(has(".git/kept"));
    EXPECT_EQ(content(), "second\n");
}

TEST_P(GetSources, TheServerChoosesBetweenFetchAndCloneWhenTheJobDoesNot) {
    expect_fetched();
    leave(".git/kept");
    payload_.allow_git_fetch = false;
    expect_fetched();
    EXPECT_FALSE(has(".git/kept"));
}

TEST_P(GetSources, NoneLeavesTheTreeAlone) {
    expect_fetched();
    leave("untracked");
    set("GIT_STRATEGY", "none");
    const auto end = fetch();
    EXPECT_EQ(end.code, 0);
    EXPECT_THAT(end.output, HasSubstr("Skipping Git repository setup"));
    EXPECT_TRUE(has("untracked"));
    EXPECT_EQ(content(), "second\n");
}

TEST_P(GetSources, EmptyMakesAnEmptyDirectory) {
    fs::create_directories(directories_.project);
    leave("untracked");
    set("GIT_STRATEGY", "empty");
    expect_fetched();
    EXPECT_TRUE(fs::is_empty(directories_.project));
}

TEST_P(GetSources, AShallowRepositoryIsCompletedByAJobWithoutDepth) {
    payload_.git_info.depth = 1;
    const auto end = fetch();
    EXPECT_THAT(end.output, HasSubstr("Fetching changes with git depth set to 1..."));
    EXPECT_EQ(git("git -C '" + directories_.project + "' rev-list --count HEAD"), "1");
    payload_.git_info.depth = 0;
    expect_fetched();
    EXPECT_EQ(git("git -C '" + directories_.project + "' rev-list --count HEAD"), "2");
}

TEST_P(GetSources, CheckoutCanBeSkipped) {
    set("GIT_CHECKOUT", "false");
    const auto end = fetch();
    EXPECT_EQ(end.code, 0);
    EXPECT_THAT(end.output, HasSubstr("Skipping Git checkout"));
    EXPECT_FALSE(has("file"));
    EXPECT_TRUE(has(".git"));
}

/// A git that knows `clone --revision`, as git 2.49 and newer; it notes the arguments of `clone`.
void put_new_git(const fs::path& directory) {
    fs::create_directories(directory);
    const fs::path program = directory / "git";
    const auto written = base::write_file_atomic(
        program,
        "#!/bin/sh\n"
        "case \" $* \" in\n"
        "*' clone -h '*) echo 'usage: git clone [--revision=<rev>]'; exit 129;;\n"
        "*' clone '*) echo \"$*\" >> '" +
            (directory / "arguments").string() +
            "';;\n"
            "esac\n"
            "exec /usr/bin/git \"$@\"\n",
        0700);
    ASSERT_TRUE(written) << written.error().message;
}

TEST_P(GetSources, ANativeCloneIsOneCommand) {
    const fs::path programs = dir_.path() / "programs";
    put_new_git(programs);
    environment_["PATH"] = programs.string() + ":/usr/bin:/bin";
    set("GIT_STRATEGY", "clone");
    set("FF_USE_GIT_NATIVE_CLONE", "true");
    set("GIT_CLONE_EXTRA_FLAGS", "--no-tags --config some.key=$(id)");
    payload_.git_info.depth = 1;
    leave("left");
    const auto end = fetch();
    ASSERT_EQ(end.code, 0) << end.output;
    EXPECT_THAT(end.output, HasSubstr("Cloning repository for main with git depth set to 1..."));
    EXPECT_THAT(end.output, Not(HasSubstr("Fetching changes")));
    EXPECT_EQ(content(), "second\n");
    EXPECT_FALSE(has("left"));
    EXPECT_EQ(git("git -C '" + directories_.project + "' rev-list --count HEAD"), "1");
    const auto arguments = base::read_file(programs / "arguments");
    ASSERT_TRUE(arguments);
    EXPECT_THAT(*arguments,
                HasSubstr(" --depth 1 --branch main --no-tags --config some.key=$(id) "));
}

TEST_P(GetSources, ANativeCloneTakesARevisionWhereTheRefIsNoBranch) {
    const fs::path programs = dir_.path() / "programs";
    put_new_git(programs);
    environment_["PATH"] = programs.string() + ":/usr/bin:/bin";
    set("GIT_STRATEGY", "clone");
    set("FF_USE_GIT_NATIVE_CLONE", "true");
    payload_.git_info.ref = "refs/merge-requests/1/head";
    static_cast<void>(fetch());  // the git that is installed may be too old for it
    const auto arguments = base::read_file(programs / "arguments");
    ASSERT_TRUE(arguments);
    EXPECT_THAT(*arguments, HasSubstr(" --revision refs/merge-requests/1/head "));
    EXPECT_THAT(*arguments, Not(HasSubstr("--branch")));
}

TEST_P(GetSources, AnOldGitFetchesWhereANativeCloneIsAskedFor) {
    const fs::path programs = dir_.path() / "programs";
    fs::create_directories(programs);
    const auto written = base::write_file_atomic(
        programs / "git",
        "#!/bin/sh\n[ \"$1 $2\" != 'clone -h' ] || exit 129\nexec /usr/bin/git \"$@\"\n", 0700);
    ASSERT_TRUE(written) << written.error().message;
    environment_["PATH"] = programs.string() + ":/usr/bin:/bin";
    set("GIT_STRATEGY", "clone");
    set("FF_USE_GIT_NATIVE_CLONE", "true");
    set("GIT_CLONE_EXTRA_FLAGS", "--no-tags");
    const auto end = fetch();
    ASSERT_EQ(end.code, 0) << end.output;
    EXPECT_THAT(end.output, HasSubstr("FF_USE_GIT_NATIVE_CLONE needs git 2.49 or newer: fetching "
                                      "instead, without GIT_CLONE_EXTRA_FLAGS"));
    EXPECT_THAT(end.output, HasSubstr("Fetching changes..."));
    EXPECT_EQ(content(), "second\n");
}

TEST_P(GetSources, AMissingCommitFails) {
    payload_.git_info.sha = std::string(40, 'a');
    EXPECT_NE(fetch().code, 0);
}

TEST_P(GetSources, GitsConfigurationHasNoCredentials) {
    payload_.git_info.repo_url = "https://gitlab-ci-token:very-secret@127.0.0.1:1/g/p.git";
    EXPECT_NE(fetch().code, 0);  // no server listens on that port
    EXPECT_THAT(content(".git/config"), HasSubstr("url = https://127.0.0.1:1/g/p.git"));
    EXPECT_THAT(content(".git/config"), Not(HasSubstr("very-secret")));
}

TEST_P(GetSources, CredentialsReachGit) {
    payload_.git_info.repo_url = "https://gitlab-ci-token:very-secret@127.0.0.1:1/g/p.git";
    static_cast<void>(fetch());
    const std::string at = "git -C '" + directories_.project + "' ";
    EXPECT_EQ(git(at + "ls-remote --get-url origin"), "https://127.0.0.1:1/g/p.git");
    EXPECT_THAT(git("printf 'protocol=https\\nhost=127.0.0.1:1\\n\\n' | " + at + "credential fill"),
                HasSubstr("username=gitlab-ci-token\npassword=very-secret"));
}

TEST_P(GetSources, HooksOfAdministratorAndJobSurroundTheFetch) {
    runner_.pre_get_sources_script = "echo admin-before";
    runner_.post_get_sources_script = "echo admin-behind";
    payload_.hooks = {{"pre_get_sources_script", {"echo job-before"}},
                      {"post_get_sources_script", {"echo job-behind"}}};
    const std::string text = fetch().output;
    const std::vector<std::string> order{"\nadmin-before\n", "\njob-before\n", "Checking out",
                                         "\njob-behind\n", "\nadmin-behind\n"};
    std::size_t at = 0;
    for (const auto& part : order) {
        at = text.find(part, at);
        ASSERT_NE(at, std::string::npos) << part << " is missing or too early in\n" << text;
    }
}

TEST_P(GetSources, SubmodulesComeWhenTheyAreAskedFor) {
    git("git init -q -b main sub; cd sub; echo inner > inner; git add .; git commit -q -m s; cd "
        "../origin; "
        "git -c protocol.file.allow=always submodule --quiet add '" +
        (dir_.path() / "sub").string() + "' module; git commit -q -m module");
    payload_.git_info.sha = git("git -C origin rev-parse HEAD");
    expect_fetched();
    EXPECT_FALSE(has("module/inner"));
    // By default git refuses submodules from local paths.
    runner_.pre_get_sources_script = "git config --global protocol.file.allow always";
    for (const auto* mode : {"normal", "recursive"}) {
        set("GIT_SUBMODULE_STRATEGY", mode);
        expect_fetched();
        EXPECT_EQ(content("module/inner"), "inner\n");
        leave("module/inner");
        leave("module/untracked");
        expect_fetched();
        EXPECT_EQ(content("module/inner"), "inner\n");
        EXPECT_FALSE(has("module/untracked"));
    }
    set("GIT_CLEAN_FLAGS", "none");
    leave("module/untracked");
    expect_fetched();
    EXPECT_TRUE(has("module/untracked"));
    set("GIT_SUBMODULE_UPDATE_FLAGS", "--remote --no-such-flag");
    EXPECT_THAT(fetch().output, HasSubstr("Updating submodules failed. Retrying..."));
}

/// Git cannot have the refs "a" and "a/b" at once.
TEST_P(GetSources, ARefMayTakeThePlaceOfAFolderOfRefsAndBack) {
    struct Row {
        const char* kind;  ///< below refs/
        const char* at;    ///< where the job has it
        const char* flags;
        bool all;  ///< the job fetches all refs of the kind
    };
    const std::vector<Row> rows{{"heads", "remotes/origin", "", false},
                                {"tags", "tags", "", false},
                                {"heads", "remotes/origin", "--no-tags", true},
                                {"tags", "tags", "none", true}};
    for (const Row& row : rows) {
        for (const int depth : {0, 5}) {
            std::string former;
            for (const char* name : {"feature/deep/foo", "feature", "feature/deep"}) {
                const std::string ref = std::string("refs/") + row.kind + "/" + name;
                if (!former.empty()) git("git -C origin update-ref -d " + former);
                git("git -C origin update-ref " + ref + " " + second_);
                former = ref;
                payload_.git_info.depth = depth;
                const std::string end = row.all ? "*" : name;
                payload_.git_info.refspecs = {std::string("+refs/") + row.kind + "/" + end +
                                              ":refs/" + row.at + "/" + end};
                set("GIT_FETCH_EXTRA_FLAGS", row.flags);
                const auto fetched = fetch();
                EXPECT_EQ(fetched.code, 0) << ref << "\n" << fetched.output;
                EXPECT_EQ(content(), "second\n");
                EXPECT_THAT(fetched.output, Not(HasSubstr("empty directory")));
                if (!row.all) {
                    EXPECT_THAT(fetched.output, Not(HasSubstr("error:")));
                }
            }
            git("git -C origin update-ref -d " + former + "; rm -rf builds");
        }
    }
}

TEST_P(GetSources, FilesOfANewRepositoryAreSpreadOverTheDisk) {
    if (!tests::spreads_children(dir_.path())) GTEST_SKIP() << dir_.path() << " is not on ext4";
    for (const bool may_fetch : {true, false}) {
        payload_.allow_git_fetch = may_fetch;
        expect_fetched();
        EXPECT_EQ(tests::spreads_children(directories_.project), true) << may_fetch;
    }
}

TEST_P(GetSources, TheRefsOfOldPipelinesGo) {
    ASSERT_EQ(fetch().code, 0);
    const std::string project = directories_.project;
    git("git -C origin update-ref refs/pipelines/2 " + second_);
    payload_.git_info.refspecs = {"+refs/pipelines/2:refs/pipelines/2"};
    for (const char* pack : {":", "git pack-refs --all"}) {
        git("cd " + project +
            "; for n in $(seq 3 70); do echo \"update refs/pipelines/$n HEAD\"; done" +
            " | git update-ref --stdin; " + pack);
        const auto fetched = fetch();
        EXPECT_EQ(fetched.code, 0) << fetched.output;
        EXPECT_THAT(fetched.output, Not(HasSubstr("error:")));
        const std::string refs = git("git -C " + project +
                                     " for-each-ref --format='%(refname:lstrip=2)' refs/pipelines");
        EXPECT_THAT(base::split(refs, '\n'),
                    AllOf(SizeIs(26), Contains("2"), Contains("46"), Contains("70")))
            << pack;
    }
}

TEST_P(GetSources, WrongSettingsAreErrorsBeforeGitRuns) {
    set("GIT_SUBMODULE_STRATEGY", "sometimes");
    EXPECT_THAT(
        fetch().output,
        HasSubstr("unknown GIT_SUBMODULE_STRATEGY \"sometimes\": use none, normal or recursive"));
    payload_.variables.clear();
    set("GIT_SUBMODULE_PATHS", "a :(exclude) b");
    EXPECT_THAT(fetch().output, HasSubstr("GIT_SUBMODULE_PATHS"));
    payload_.variables.clear();
    payload_.git_info.sha.clear();
    EXPECT_THAT(fetch().output, HasSubstr("git_info.sha"));
}

INSTANTIATE_TEST_SUITE_P(All, GetSources, testing::ValuesIn(tests::shells()),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
