#include <gtest/gtest.h>

#include "runner/script/stages.hpp"

namespace {

using runner::script::project_slug;
using runner::script::StageWriter;
using runner::script::without_credentials;

TEST(RepositoryUrl, LosesItsCredentials) {
    EXPECT_EQ(without_credentials("http://user:secret@host:1/a/b.git"), "http://host:1/a/b.git");
    EXPECT_EQ(without_credentials("https://user:p@ss@host/a.git"), "https://host/a.git");
    EXPECT_EQ(without_credentials("https://host/a@b.git"), "https://host/a@b.git");
    EXPECT_EQ(without_credentials("/a/path.git"), "/a/path.git");
    EXPECT_EQ(without_credentials(""), "");
}

TEST(RepositoryUrl, NamesTheProjectsDirectory) {
    EXPECT_EQ(project_slug("https://u:p@host/group/sub/project.git"), "group/sub/project");
    EXPECT_EQ(project_slug("https://host/project/"), "project");
    EXPECT_EQ(project_slug("https://host"), "");
    EXPECT_EQ(project_slug(""), "");
}

struct Case {
    std::string clone_url;
    std::string clean;
    std::string full;
};

TEST(RepositoryUrl, TakesHostAndRootFromCloneUrl) {
    const std::vector<Case> cases{
        {"", "https://gitlab.example.com/root/g/p.git",
         "https://job:t@gitlab.example.com/root/g/p.git"},
        {"http://inner:8080", "http://inner:8080/g/p.git", "http://job:t@inner:8080/g/p.git"},
        {"http://inner/sub/", "http://inner/sub/g/p.git", "http://job:t@inner/sub/g/p.git"},
    };
    for (const auto& entry : cases) {
        protocol::gitlab::JobPayload payload;
        payload.git_info.repo_url = "https://job:t@gitlab.example.com/root/g/p.git";
        payload.job_info.project_full_path = "g/p";
        runner::config::RunnerConfig runner;
        runner.clone_url = entry.clone_url;
        runner::script::Variables variables(payload, runner, {});
        const StageWriter writer(payload, runner, variables, {});
        EXPECT_EQ(writer.remote_url(), entry.clean);
        EXPECT_EQ(writer.remote_url_with_credentials(), entry.full);
    }
}

}  // namespace
