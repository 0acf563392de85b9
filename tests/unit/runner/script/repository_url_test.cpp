#include <gtest/gtest.h>

#include "runner/script/repository_url.hpp"

namespace {

using runner::script::project_slug;
using runner::script::remote_credentials;
using runner::script::remote_url;
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
    std::string address;
};

TEST(RepositoryUrl, TakesHostAndRootFromCloneUrl) {
    const std::vector<Case> cases{
        {"", "https://gitlab.example.com/root/g/p.git"},
        {"http://inner:8080", "http://inner:8080/g/p.git"},
        {"http://inner/sub/", "http://inner/sub/g/p.git"},
        {"http://me:hush@inner", "http://inner/g/p.git"},
        {"ssh://inner:2222", "ssh://git@inner:2222/g/p.git"},
        {"ssh://me:hush@inner/sub", "ssh://me@inner/sub/g/p.git"},
    };
    for (const auto& entry : cases) {
        protocol::gitlab::JobPayload payload;
        payload.git_info.repo_url = "https://job:t@gitlab.example.com/root/g/p.git";
        payload.job_info.project_full_path = "g/p";
        runner::config::RunnerConfig runner;
        runner.clone_url = entry.clone_url;
        EXPECT_EQ(remote_url(payload, runner), entry.address);
    }
}

TEST(RepositoryUrl, CredentialsAreWhatGitAsksFor) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"https://gitlab-ci-token:t-1_x@h/g/p.git", "username=gitlab-ci-token\npassword=t-1_x\n"},
        {"https://a%40b:p%3Aq%2@h/g/p.git", "username=a@b\npassword=p:q%2\n"},
        {"https://a:b%0Ahost=evil@h/g/p.git", "username=a\npassword=bhost=evil\n"},
        {"https://alone@h/g/p.git", "username=alone\npassword=\n"},
        {"https://h/g/p.git", ""},
        {"/a/path.git", ""},
    };
    for (const auto& [address, answer] : cases) {
        EXPECT_EQ(remote_credentials(address), answer) << address;
    }
}

}  // namespace
