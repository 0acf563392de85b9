#include "executors/helper/login_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

using testing::HasSubstr;

/// The shells of one job, one after another. What a profile does is counted in the file "count".
class LoginStateTest : public testing::Test {
  protected:
    void SetUp() override {
        if (::access("/bin/bash", X_OK) != 0) GTEST_SKIP() << "bash is needed";
    }

    /// A profile of its own and nothing of this machine: sh reads .profile, bash too.
    void write_profile(const std::string& text) {
        std::ofstream(directory_.path() / ".profile")
            << "echo x >> " << (directory_.path() / "count").string() << "\n"
            << text;
    }
    [[nodiscard]] std::string profile_count() const {
        std::ifstream file(directory_.path() / "count");
        return {std::istreambuf_iterator<char>(file), {}};
    }

    /// Output and errors of a stage with these variables ("A=1 B=2").
    std::string run(const std::string& script, const std::string& variables = "") {
        RunStage stage;
        stage.script = script;
        stage.arguments = {"-l"};
        stage.login_once = true;
        stage = state_.prepare(std::move(stage));
        const auto file = directory_.path() / "script";
        std::ofstream(file) << stage.script;
        std::string command = "env -i PATH=/usr/bin:/bin HOME=" + directory_.path().string() + " " +
                              variables + " " + shell_;
        for (const auto& argument : stage.arguments) command += " " + argument;
        command += " < " + file.string() + " 2>&1";
        std::string output;
        std::FILE* pipe = ::popen(command.c_str(), "r");
        for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
            output += static_cast<char>(c);
        ::pclose(pipe);
        return output;
    }

    tests::TempDir directory_;
    LoginState state_;
    std::string shell_ = "/bin/bash";
};

TEST_F(LoginStateTest, ProfilesAreReadOnceAndEveryStageSeesWhatTheySet) {
    write_profile(R"(
shopt -s expand_aliases extglob
export EXPORTED='two
lines'
plain="it's \$HOME"
greet() { echo "hello $1"; }
matches() { case $1 in a+(b)) echo matched;; esac; }
export -f greet
alias say='echo said'
declare -A table=([key]=value)
list=(1 2 3)
readonly TMOUT=900
umask 027
ulimit -S -n 100
set -o pipefail
unset GONE
PATH=$PATH:/of/profile
JOB=changed
trap 'echo ended' EXIT
)");
    const std::string script = R"(
echo "$EXPORTED|$plain|${table[key]}|${list[2]}|$TMOUT|$JOB|$SAME|${GONE-gone}|$IFS|"
greet you
matches abb
say so
bash -c 'greet child; echo "[$plain]"'
umask
ulimit -S -n
echo $PATH
set -o | grep pipefail
)";
    const std::string variables = "GONE=1 JOB=of_job SAME=same";
    const std::string first = run(script, variables);
    EXPECT_THAT(first, HasSubstr("lines|it's $HOME|value|3|900|changed|same|gone| \t\n|"));
    EXPECT_THAT(first, HasSubstr("hello you\nmatched\nsaid so\nhello child\n[]\n0027\n100\n"));
    EXPECT_THAT(first, HasSubstr(":/of/profile\n"));
    EXPECT_THAT(first, HasSubstr("ended\n"));
    EXPECT_EQ(run(script, variables), first);
    EXPECT_EQ(run(script, variables), first);
    EXPECT_EQ(profile_count(), "x\n");
}

TEST_F(LoginStateTest, AStageHasItsOwnVariables) {
    write_profile("export FROM_PROFILE=1\n");
    run("true", "CI_JOB_STATUS=running ONLY_FIRST=1");
    EXPECT_EQ(run("echo $CI_JOB_STATUS$FROM_PROFILE${ONLY_FIRST-none}$ONLY_LATER\n",
                  "CI_JOB_STATUS=success ONLY_LATER=2"),
              "success1none2\n");
}

TEST_F(LoginStateTest, WhatAScriptSetsIsNotKept) {
    write_profile("");
    run("export LEFT=1; umask 077; f() { :; }\n");
    EXPECT_EQ(run("echo ${LEFT-none}; type f 2>/dev/null || echo none\n"), "none\nnone\n");
}

TEST_F(LoginStateTest, TheFirstStagesOutputAndStatusAreThoseOfItsScript) {
    write_profile("set -e\n");
    EXPECT_EQ(run("echo out; echo $?\n"), "out\n0\n");
    EXPECT_EQ(run("false\necho not reached\n"), "") << "an option of the profile holds";
}

TEST_F(LoginStateTest, OtherShellsReadTheProfilesInEveryStage) {
    shell_ = "/bin/sh";
    if (std::system("[ -z \"$(/bin/sh -c 'echo $BASH_VERSION')\" ]") != 0)
        GTEST_SKIP() << "sh is bash";
    write_profile("f() { echo function; }\n");
    for (int stage = 0; stage < 3; ++stage) EXPECT_EQ(run("f\n"), "function\n");
    EXPECT_EQ(profile_count(), "x\nx\nx\n");
}

TEST_F(LoginStateTest, AProfileThatEndsTheShellIsReadInEveryStage) {
    write_profile("exit 3\n");
    EXPECT_EQ(run("echo not reached\n"), "");
    EXPECT_EQ(run("echo not reached\n"), "");
    EXPECT_EQ(profile_count(), "x\nx\n");
}

TEST_F(LoginStateTest, OtherStagesStayAsTheyAre) {
    RunStage stage;
    stage.script = "echo\n";
    stage.arguments = {"-x"};
    const RunStage prepared = state_.prepare(stage);
    EXPECT_EQ(prepared.script, stage.script);
    EXPECT_EQ(prepared.arguments, stage.arguments);
}

}  // namespace
}  // namespace executors::helper
