#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/files.hpp"
#include "base/strings.hpp"
#include "runner/script/git_sources_writer.hpp"
#include "tests/unit/runner/script/shell_test.hpp"

namespace tests {

/// Runs the script of get_sources with an installed git and a repository in the file system.
class GetSources : public tests::ShellTest {
  protected:
    void SetUp() override {
        ShellTest::SetUp();
        if (IsSkipped()) return;
        origin_ = dir_.path() / "origin";
        first_ = commit("first");
        second_ = commit("second");
        payload_.git_info.repo_url = "file://" + origin_.string();
        payload_.git_info.sha = second_;
        payload_.git_info.ref = "main";
        payload_.git_info.refspecs = {"+refs/heads/*:refs/remotes/origin/*"};
        payload_.allow_git_fetch = true;
    }
    std::string git(const std::string& command) {
        const auto end =
            tests::run_shell(tests::shells().front(),
                             "export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "
                             "GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b\n" +
                                 command,
                             dir_.path());
        EXPECT_EQ(end.code, 0) << command << "\n" << end.output;
        return std::string(base::trim(end.output));
    }
    std::string commit(const std::string& content) {
        return git("[ -d origin ] || git init -q -b main origin; cd origin; echo " + content +
                   " > file; printf 'ignored\\n' > .gitignore; git add . >/dev/null 2>&1; git "
                   "commit -q -m " +
                   content + "; git rev-parse HEAD");
    }
    tests::ShellEnd fetch() {
        const auto variables = this->variables();
        runner::script::BehaviourVariables behaviour(variables);
        auto settings = ShellTest::settings();
        settings.git_seed = git_seed_;
        settings.measures_clone = !git_seed_.empty();
        const runner::script::ScriptContext context(payload_, runner_, behaviour,
                                                    std::move(settings));
        const auto text = runner::script::GitSourcesWriter(context).get_sources();
        if (!text) return {-1, text.error().message};
        return tests::run_shell(GetParam(), *text, dir_.path(), environment_, user_);
    }
    void expect_fetched() {
        const auto end = fetch();
        ASSERT_EQ(end.code, 0) << end.output;
    }
    [[nodiscard]] std::string content(const std::string& name = "file") const {
        const auto text = base::read_file(std::filesystem::path(directories_.project) / name);
        return text ? *text : "(none)";
    }
    void leave(const std::string& name) const {
        const auto path = std::filesystem::path(directories_.project) / name;
        std::filesystem::create_directories(path.parent_path());
        const auto written = base::write_file_atomic(path, "left", 0600);
        ASSERT_TRUE(written) << written.error().message;
    }
    [[nodiscard]] bool has(const std::string& name) const {
        return std::filesystem::exists(std::filesystem::path(directories_.project) / name);
    }

    std::map<std::string, std::string> environment_;
    unsigned user_ = 0;  ///< of the job, 0 for that of the test
    std::string git_seed_;
    std::filesystem::path origin_;
    std::string first_;
    std::string second_;
};

}  // namespace tests
