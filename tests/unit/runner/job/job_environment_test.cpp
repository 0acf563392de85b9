#include "runner/job/job_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/job/job_variables.hpp"

namespace runner::job {
namespace {

using testing::HasSubstr;

protocol::gitlab::Variable named(std::string key, std::string value) {
    protocol::gitlab::Variable variable;
    variable.key = std::move(key);
    variable.value = std::move(value);
    variable.is_public = true;
    return variable;
}

std::string value_in(const std::vector<executors::EnvironmentVariable>& list,
                     std::string_view name) {
    for (const auto& variable : list) {
        if (variable.name == name) return variable.value;
    }
    return "(none)";
}

class JobEnvironmentTest : public testing::Test {
  protected:
    JobEnvironmentTest() {
        runner_.executor = "docker";
        payload_.git_info.repo_url = "https://gitlab.example.com/group/project.git";
        record_.short_token = "abc";
        record_.slot = {.concurrent_id = 4, .concurrent_project_id = 2};
        runner_.environment = {"REG=registry.example.com", "SLOT=x-$CI_CONCURRENT_ID"};
        set("IMG", "$REG:trixie");
    }
    void set(std::string key, std::string value) {
        payload_.variables.push_back(named(std::move(key), std::move(value)));
    }
    executors::JobEnvironment environment() {
        auto variables = make_variables(payload_, runner_, record_);
        directories_ = job_directories(payload_, runner_, variables, record_, "/work");
        script::TextExpander texts(variables);
        auto made = make_environment(payload_, runner_, variables, texts,
                                     directories_ ? *directories_ : Directories(), "s_1",
                                     record_.short_token, record_.slot);
        problem_ = texts.problem();
        return made;
    }

    protocol::gitlab::JobPayload payload_;
    config::RunnerConfig runner_;
    journal::JobRecord record_;
    base::Result<Directories> directories_ = Directories();
    std::string problem_;
};

TEST_F(JobEnvironmentTest, ABindOntoTheBuildsDirectorySeparatesRunnersAndSlots) {
    set("WHERE", "/$WORD");
    set("WORD", "builds");
    const std::string separate = "/builds/abc/2/group/project";
    const std::map<std::string, std::string> table{
        {"/srv/b:/builds", separate},
        {"/srv/b:/builds/:rw", separate},
        {"/srv/b:$WHERE", separate},
        {"/srv/b:$WHERE/x/..", separate},
        {"named:/builds", "/builds/group/project"},
        {"/builds", "/builds/group/project"},
        {"/srv/b:$WHERE/x", "/builds/group/project"},
        {"/srv/b:$NOTHING", "/builds/group/project"},
    };
    for (const auto& [volume, project] : table) {
        runner_.docker.volumes = {volume};
        EXPECT_EQ(environment().project_dir, project) << volume;
    }
}

TEST_F(JobEnvironmentTest, FollowsVariablesInVariablesInEveryName) {
    set("ACCOUNT", "$ID:$ID");
    set("ID", "1000");
    set("PLATFORM", "linux/$ARCH");
    set("ARCH", "amd64");
    set("NAME", "db-$SLOT");
    payload_.image.emplace();
    payload_.image->name = "$IMG";
    payload_.image->docker_user = "$ACCOUNT";
    payload_.image->docker_platform = "$PLATFORM";
    auto& service = payload_.services.emplace_back();
    service.name = "$IMG-service";
    service.alias = "$NAME,other";
    runner_.docker.container_labels = {{"slot", "<$SLOT>"}};
    const auto made = environment();
    EXPECT_EQ(made.image->name, "registry.example.com:trixie");
    EXPECT_EQ(made.image->user, "1000:1000");
    EXPECT_EQ(made.image->platform, "linux/amd64");
    EXPECT_EQ(made.services.at(0).image.name, "registry.example.com:trixie-service");
    EXPECT_THAT(made.services.at(0).aliases, testing::ElementsAre("db-x-4", "other"));
    EXPECT_EQ(made.labels.at("slot"), "<x-4>");
    EXPECT_EQ(problem_, "");
}

TEST_F(JobEnvironmentTest, FollowsThemInNamesOfTheConfiguration) {
    runner_.docker.image = "$IMG";
    runner_.docker.volumes = {"/$SLOT", "/host/$SLOT:/data/$SLOT:ro", "/plain"};
    auto& service = runner_.docker.services.emplace_back();
    service.name = "$IMG";
    service.alias = "$SLOT";
    const auto made = environment();
    EXPECT_FALSE(made.image);
    EXPECT_EQ(made.default_image, "registry.example.com:trixie");
    EXPECT_EQ(made.volume_destinations, (std::map<std::string, std::string>{
                                            {"/$SLOT", "/x-4"}, {"/data/$SLOT", "/data/x-4"}}));
    EXPECT_EQ(made.services.at(0).image.name, "registry.example.com:trixie");
    EXPECT_THAT(made.services.at(0).aliases, testing::ElementsAre("x-4"));
}

TEST_F(JobEnvironmentTest, ProtectionIsGitLabsWordAndNotTheJobs) {
    struct Case {
        std::optional<bool> git_info;
        std::vector<std::string> variables;
        bool is_protected;
    };
    const std::vector<Case> cases{{{}, {}, false},
                                  {{}, {"true"}, true},
                                  {{}, {"false", "true"}, false},
                                  {{}, {"true", "false"}, true},
                                  {{}, {"$YES"}, false},
                                  {false, {"true"}, false},
                                  {true, {"false"}, true}};
    set("YES", "true");
    runner_.environment = {"CI_COMMIT_REF_PROTECTED=true"};
    const auto others = payload_.variables;
    for (const auto& [git_info, values, expected] : cases) {
        payload_.variables = others;
        payload_.git_info.is_protected = git_info;
        for (const auto& value : values) set("CI_COMMIT_REF_PROTECTED", value);
        EXPECT_EQ(environment().protected_ref, expected) << testing::PrintToString(values);
    }
}

TEST_F(JobEnvironmentTest, FollowsThemInEnvironmentsOfServices) {
    auto& configured = runner_.docker.services.emplace_back();
    configured.name = "db";
    configured.environment = {"URL=$HOST:5432", "HOST=$SLOT", "=none", "NAME=$NAME"};
    set("NAME", "job-$SLOT");
    auto& service = payload_.services.emplace_back();
    service.name = "cache";
    service.variables = {named("B", "$A-$IMG"), named("A", "$SLOT")};
    const auto made = environment();
    EXPECT_EQ(value_in(made.services.at(0).environment, "URL"), "x-4:5432");
    EXPECT_EQ(value_in(made.services.at(0).environment, "NAME"), "job-x-4");
    EXPECT_EQ(value_in(made.services.at(0).environment, ""), "(none)");
    EXPECT_EQ(value_in(made.services.at(1).environment, "B"), "x-4-registry.example.com:trixie");
    EXPECT_EQ(value_in(made.services.at(1).environment, "NAME"), "job-x-4");
}

TEST_F(JobEnvironmentTest, FollowsThemInTheClonePath) {
    set("GIT_CLONE_PATH", "$WHERE/p");
    set("WHERE", "$CI_BUILDS_DIR/$SLOT");
    environment();
    ASSERT_TRUE(directories_) << directories_.error().message;
    EXPECT_EQ(directories_->project, "/builds/x-4/p");
    EXPECT_EQ(directories_->tmp, "/builds/x-4/p.tmp");
}

TEST_F(JobEnvironmentTest, RefusesAClonePathThatIsNoPath) {
    set("GIT_CLONE_PATH", "/builds/" + std::string(5000, 'a'));
    environment();
    ASSERT_FALSE(directories_);
    EXPECT_EQ(directories_.error().message,
              "GIT_CLONE_PATH has 5008 bytes, and a path may have 4095");
}

TEST_F(JobEnvironmentTest, NamesTheNameThatBecomesTooLarge) {
    set("A", std::string(100'000, 'a'));
    payload_.image.emplace();
    payload_.image->name = "$A$A";
    environment();
    EXPECT_THAT(problem_, HasSubstr("image: "));
}

TEST_F(JobEnvironmentTest, RefusesMoreServicesThanTheirEnvironmentsAllow) {
    set("A", std::string(100'000, 'a'));
    for (int i = 0; i < 1000; ++i) payload_.services.emplace_back().name = "alpine";
    environment();
    EXPECT_THAT(problem_, HasSubstr("services:variables: "));
}

TEST(EngineDataWish, IsReadFromTheVariableOfTheJob) {
    using executors::EngineDataWish;
    EXPECT_EQ(engine_data_wish(""), EngineDataWish::kConfigured);
    EXPECT_EQ(engine_data_wish("project"), EngineDataWish::kConfigured);
    EXPECT_EQ(engine_data_wish("none"), EngineDataWish::kNone);
    EXPECT_EQ(engine_data_wish("None"), EngineDataWish::kUnknown);
}

}  // namespace
}  // namespace runner::job
