#include "runner/job/git_mirror_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/job/job_variables.hpp"

namespace runner::job {
namespace {

using executors::docker::GitMirrorMode;

class GitMirrorSourceTest : public testing::Test {
  protected:
    GitMirrorSourceTest() {
        runner_.docker.git_mirror = GitMirrorMode::kAuto;
        payload_.job_info.project_id = 7;
        payload_.git_info.repo_url = "https://gitlab-ci-token:to%40ken@git.test/group/project.git";
        payload_.git_info.ref = "main";
        payload_.git_info.depth = 20;
        payload_.allow_git_fetch = true;
        runner_.url = "https://git.test";
        runner_.token = base::Secret("glrt-1");
    }
    void set(std::string key, std::string value) {
        protocol::gitlab::Variable variable;
        variable.key = std::move(key);
        variable.value = std::move(value);
        payload_.variables.push_back(std::move(variable));
    }
    std::optional<executors::GitMirrorSource> source() {
        const auto variables = make_variables(payload_, runner_, {});
        return git_mirror_source(payload_, runner_, variables, "s_1", "PEM");
    }
    std::string volume() { return source().value_or(executors::GitMirrorSource{}).volume; }

    protocol::gitlab::JobPayload payload_;
    config::RunnerConfig runner_;
};

TEST_F(GitMirrorSourceTest, HasTheLoginOfTheJobApartFromTheAddress) {
    const auto found = source();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->url, "https://git.test/group/project.git");
    EXPECT_EQ(found->username, "gitlab-ci-token");
    EXPECT_EQ(found->password.reveal(), "to@ken");
    EXPECT_EQ(found->authority, "PEM");
    EXPECT_EQ(found->depth, 20);
    payload_.git_info.repo_url = "https://git.test/group/project.git";
    payload_.token = base::Secret("job-token");
    EXPECT_EQ(source()->password.reveal(), "job-token");
}

TEST_F(GitMirrorSourceTest, HasAVolumeForEachRunnerProjectAndAddress) {
    const std::string name = volume();
    EXPECT_TRUE(name.ends_with("-git-mirror")) << name;
    EXPECT_EQ(name, volume());
    payload_.job_info.project_id = 8;
    EXPECT_NE(volume(), name);
    payload_.job_info.project_id = 7;
    payload_.git_info.repo_url = "https://a:b@git.test/group/other.git";
    EXPECT_NE(volume(), name);
    payload_.git_info.repo_url = "https://a:b@git.test/group/project.git";
    EXPECT_EQ(volume(), name);
    runner_.token = base::Secret("glrt-2");
    EXPECT_NE(volume(), name);
}

TEST_F(GitMirrorSourceTest, DoesNotApplyWhereNothingIsFetchedOverHttp) {
    runner_.docker.git_mirror = GitMirrorMode::kOff;
    EXPECT_FALSE(source());
    runner_.docker.git_mirror = GitMirrorMode::kOn;
    EXPECT_TRUE(source());
    runner_.clone_url = "ssh://git.test";
    EXPECT_FALSE(source());
    runner_.clone_url.clear();
    set("GIT_STRATEGY", "none");
    EXPECT_FALSE(source());
}

TEST_F(GitMirrorSourceTest, ReachesTheServerAsTheConfigurationSaysAndNotAsTheJobSays) {
    runner_.environment = {"HTTPS_PROXY=http://proxy:1", "A=b", "no_proxy=git.test"};
    set("https_proxy", "http://job:1");
    EXPECT_THAT(source()->environment,
                testing::ElementsAre("HTTPS_PROXY=http://proxy:1", "no_proxy=git.test"));
}

}  // namespace
}  // namespace runner::job
