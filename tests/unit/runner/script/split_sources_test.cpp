#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/files.hpp"
#include "runner/script/split_sources_writer.hpp"
#include "tests/unit/runner/script/shell_test.hpp"

namespace {

namespace fs = std::filesystem;
using runner::script::BehaviourVariables;
using runner::script::ScriptContext;
using runner::script::SplitSourcesWriter;
using runner::script::Variables;

/// Runs the part of split sources that removes old files, in an environment without git.
class SplitSources : public tests::ShellTest {
  protected:
    void SetUp() override {
        ShellTest::SetUp();
        if (IsSkipped()) return;
        payload_.git_info.repo_url = "https://gitlab.example.com/g/p.git";
        payload_.git_info.sha = std::string(40, 'a');
        payload_.allow_git_fetch = true;
    }
    static void write(const fs::path& path, const std::string& content) {
        fs::create_directories(path.parent_path());
        const auto written = base::write_file_atomic(path, content, 0600);
        ASSERT_TRUE(written) << written.error().message;
    }
    /// The project as a former job left it. That job's commit had the file "old".
    void make_project() {
        const fs::path project = directories_.project;
        for (const char* name :
             {".git/config", "old", "a b/mine", "log/deep/x.log", "x.o", ".hidden"})
            write(project / name, "left");
        write(fs::path(directories_.tmp) / ".runner-sources", std::string("old\0", 4));
    }
    std::set<std::string> left_after_clean() {
        const auto variables = this->variables();
        BehaviourVariables behaviour(variables);
        const ScriptContext context(payload_, runner_, behaviour, settings());
        const auto parts = SplitSourcesWriter(context).split_sources({"/nowhere", "/nowhere.tmp"});
        EXPECT_TRUE(parts);
        if (!parts) return {};
        const auto end = tests::run_shell(GetParam(), parts->clean, dir_.path());
        EXPECT_EQ(end.code, 0) << end.output;
        EXPECT_EQ(end.output, "");
        std::set<std::string> names;
        for (const auto& entry : fs::recursive_directory_iterator(directories_.project)) {
            const fs::path name = entry.path().lexically_relative(directories_.project);
            if (!entry.is_directory() || fs::is_empty(entry.path())) names.insert(name.string());
        }
        return names;
    }
};

TEST_P(SplitSources, CleanFlagsDecideWhatStays) {
    struct Row {
        const char* flags;
        std::set<std::string> left;
    };
    const std::set<std::string> all{"a b/mine", "log/deep/x.log", "x.o", ".hidden"};
    const std::vector<Row> rows{
        {"", {}},
        {"-ffdx", {}},
        {"-f -f -d -x -q", {}},
        {"none", all},
        {"-ffd", all},
        {"-ffx", all},
        {"-ffdx --unknown", all},
        {"-ffdx -e *.log", {"log/deep/x.log"}},
        {"-ffdxe*.o", {"x.o"}},
        {"-ffdx --exclude=/log/ --exclude .hidden", {"log/deep/x.log", ".hidden"}},
        {"-ffdx -e log/deep", {"log/deep/x.log"}},
        {"-ffdx -e **/deep/", {"log/deep/x.log"}},
        {"-ffdx -e !x.o", {}},
    };
    for (const Row& row : rows) {
        fs::remove_all(directories_.project);
        make_project();
        payload_.variables.clear();
        set("GIT_CLEAN_FLAGS", row.flags);
        EXPECT_EQ(left_after_clean(), row.left) << row.flags;
    }
}

TEST_P(SplitSources, FilesOutsideTheProjectStay) {
    make_project();
    write(dir_.path() / "builds/g/beside", "kept");
    fs::create_directory_symlink(dir_.path() / "builds/g", fs::path(directories_.project) / "up");
    EXPECT_EQ(left_after_clean(), std::set<std::string>());
    EXPECT_TRUE(fs::exists(dir_.path() / "builds/g/beside"));
}

TEST_P(SplitSources, ACloneRemovesAllFiles) {
    make_project();
    set("GIT_STRATEGY", "clone");
    set("GIT_CLEAN_FLAGS", "none");
    EXPECT_EQ(left_after_clean(), std::set<std::string>());
}

TEST_P(SplitSources, WithoutACheckoutAllFilesStay) {
    make_project();
    set("GIT_CHECKOUT", "false");
    EXPECT_EQ(left_after_clean(), (std::set<std::string>{".git/config", "old", "a b/mine",
                                                         "log/deep/x.log", "x.o", ".hidden"}));
}

INSTANTIATE_TEST_SUITE_P(All, SplitSources, testing::ValuesIn(tests::shells()),
                         [](const auto& shell) { return shell.param.name; });

TEST(SplitSourcesOnTheHost, RefuseAReferenceToAnotherRepository) {
    protocol::gitlab::JobPayload payload;
    payload.git_info.repo_url = "https://gitlab.example.com/g/p.git";
    payload.git_info.sha = std::string(40, 'a');
    protocol::gitlab::Variable variable;
    variable.key = "GIT_SUBMODULE_UPDATE_FLAGS";
    variable.value = "--jobs 4 --reference /srv/other";
    payload.variables.push_back(variable);
    const runner::config::RunnerConfig runner;
    const Variables variables(payload, runner, {});
    BehaviourVariables behaviour(variables);
    const ScriptContext context(payload, runner, behaviour, {});
    const auto parts = SplitSourcesWriter(context).split_sources({"/place", "/place.tmp"});
    ASSERT_FALSE(parts);
    EXPECT_NE(parts.error().message.find("--reference needs git in the job's image"),
              std::string::npos)
        << parts.error().message;
}

}  // namespace
