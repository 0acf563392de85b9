#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "runner/commands/gitlab_session.hpp"
#include "runner/commands/register_entry.hpp"
#include "runner/commands/register_plan.hpp"
#include "tests/support/temp_dir.hpp"

namespace runner::commands {
namespace {

using config::Node;
using testing::HasSubstr;

Values given(const std::vector<std::pair<std::string, std::string>>& flags) {
    Values values;
    for (const auto& [name, text] : flags) {
        auto texts = values.list(name);
        texts.push_back(text);
        values.set(name, std::move(texts));
    }
    return values;
}

TEST(RegistrationPlan, FollowsTheKindOfToken) {
    struct Case {
        std::vector<std::pair<std::string, std::string>> flags;
        Registration kind;
        bool compatible;
    };
    const Case cases[] = {
        {{}, Registration::kRegistrationToken, false},
        {{{"token", "glrt-1"}}, Registration::kAuthenticationToken, false},
        {{{"token", "old"}}, Registration::kAuthenticationToken, false},
        {{{"registration-token", "GR1"}}, Registration::kRegistrationToken, false},
        {{{"registration-token", "glrt-1"}}, Registration::kAuthenticationToken, false},
        {{{"registration-token", "glrt-1"}, {"tag", "a"}},
         Registration::kAuthenticationToken,
         true},
        {{{"access-token", "glpat-1"}}, Registration::kAccessToken, false},
    };
    for (const Case& c : cases) {
        const auto plan = plan_registration(given(c.flags));
        ASSERT_TRUE(plan) << plan.error().message;
        EXPECT_EQ(plan->kind, c.kind);
        EXPECT_EQ(plan->compatible, c.compatible);
    }
}

TEST(RegistrationPlan, RefusesFlagsThatDoNotGoTogether) {
    struct Case {
        std::vector<std::pair<std::string, std::string>> flags;
        const char* message;
    };
    const Case cases[] = {
        {{{"token", "a"}, {"access-token", "b"}}, "--token and --access-token exclude each other"},
        {{{"token", "glrt-1"}, {"tag", "a"}}, "--tag cannot be given with an authentication token"},
        {{{"token", "glrt-1"}, {"locked", "false"}}, "--locked cannot be given"},
        {{{"access-token", "b"}, {"group-id", "1"}, {"project-id", "2"}},
         "--group-id and --project-id exclude each other"},
        {{{"access-token", "b"}, {"runner-type", "group_type"}},
         "--runner-type group_type needs --group-id"},
        {{{"access-token", "b"}, {"project-id", "x"}},
         "--project-id: expected a number, got \"x\""},
    };
    for (const Case& c : cases) {
        const auto plan = plan_registration(given(c.flags));
        ASSERT_FALSE(plan) << c.message;
        EXPECT_EQ(plan.error().kind, base::ErrorKind::kInvalidInput);
        EXPECT_THAT(plan.error().message, HasSubstr(c.message));
    }
}

TEST(RegistrationPlan, NamesEveryFlagThatIsRefused) {
    const auto plan = plan_registration(given({{"token", "glrt-1"},
                                               {"tag-list", "a"},
                                               {"locked", "false"},
                                               {"paused", "true"},
                                               {"maximum-timeout", "600"}}));
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().message,
                testing::StartsWith(
                    "--tag-list, --paused, --locked, --maximum-timeout cannot be given with"));
    const auto scope =
        plan_registration(given({{"access-token", "b"}, {"group-id", "x"}, {"project-id", "y"}}));
    ASSERT_FALSE(scope);
    EXPECT_EQ(scope.error().message,
              "--group-id: expected a number, got \"x\"\n"
              "--project-id: expected a number, got \"y\"");
}

TEST(RegistrationPlan, TheScopeOfAnAccessTokenFollowsTheIds) {
    const auto of = [](std::vector<std::pair<std::string, std::string>> flags) {
        flags.emplace_back("access-token", "glpat-1");
        return plan_registration(given(flags))->scope.runner_type;
    };
    EXPECT_EQ(of({}), "instance_type");
    EXPECT_EQ(of({{"group-id", "3"}}), "group_type");
    EXPECT_EQ(of({{"project-id", "3"}}), "project_type");
    EXPECT_EQ(of({{"project-id", "3"}, {"runner-type", "project"}}), "project_type");
}

TEST(RunnerDescription, ARunnerWithoutTagsRunsUntaggedJobs) {
    const Values none;
    const auto untagged = description_of(none, "name", "", "note");
    ASSERT_TRUE(untagged);
    EXPECT_TRUE(untagged->run_untagged);
    EXPECT_TRUE(untagged->locked);
    EXPECT_EQ(untagged->maintenance_note, "note");
    const auto tagged = description_of(none, "name", "a,b", "");
    EXPECT_FALSE(tagged->run_untagged);
    EXPECT_FALSE(description_of(given({{"access-level", "all"}}), "name", "", ""));
}

TEST(RunnerDescription, NamesEveryWrongFlag) {
    const auto wrong = description_of(given({{"access-level", "all"}, {"maximum-timeout", "soon"}}),
                                      "name", "", "");
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, HasSubstr("--access-level"));
    EXPECT_THAT(wrong.error().message, HasSubstr("\n--maximum-timeout"));
}

TEST(RegisterEntry, TakesNoSpaceAroundSingleValues) {
    const auto entry = entry_from(given({{"url", " https://gitlab.example.com/\r\n"},
                                         {"executor", "\tdocker\n"},
                                         {"docker-image", "alpine:3\n"},
                                         {"limit", " 2\n"},
                                         {"docker-privileged", "true "},
                                         {"env", "A= b "},
                                         {"pre-build-script", "  echo\n"}}));
    ASSERT_TRUE(entry) << entry.error().message;
    EXPECT_EQ(text_of(*entry, "url"), "https://gitlab.example.com/");
    EXPECT_EQ(text_of(*entry, "executor"), "docker");
    EXPECT_EQ(text_of(*entry, "docker.image"), "alpine:3");
    EXPECT_EQ(entry->at("limit")->integer, 2);
    EXPECT_TRUE(entry->at("docker.privileged")->boolean);
    EXPECT_EQ(entry->at("environment")->items.at(0).text, "A= b ");
    EXPECT_EQ(text_of(*entry, "pre_build_script"), "  echo\n");
}

TEST(RegisterEntry, NamesEveryFlagWithAWrongValue) {
    const auto entry =
        entry_from(given({{"limit", "many"}, {"docker-memory", "much"}, {"registry", "hots=r"}}));
    ASSERT_FALSE(entry);
    for (const char* flag : {"--limit: ", "--docker-memory: ", "--registry: "})
        EXPECT_THAT(entry.error().message, HasSubstr(flag));
}

TEST(RunnerDescription, TagsOfBothFlagsAreJoined) {
    EXPECT_EQ(tags_of(given({{"tag", "a"}, {"tag", " "}, {"tag", " b "}, {"tag-list", "c,d"}})),
              "a,b,c,d");
}

TEST(RegisterEntry, KnowsTheExecutorsOfBothPrograms) {
    for (const char* ours : {"docker", "shell", "custom"}) {
        EXPECT_TRUE(check_executor(ours)) << ours;
        EXPECT_FALSE(is_other_executor(ours)) << ours;
    }
    for (const char* other : {"kubernetes", "docker+machine", "parallels"}) {
        EXPECT_TRUE(check_executor(other)) << other;
        EXPECT_TRUE(is_other_executor(other)) << other;
    }
    const auto unknown = check_executor("dokcer");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().message,
              "executor \"dokcer\" does not exist: use docker, shell or custom (did you mean "
              "\"docker\"?)");
}

TEST(RegisterEntry, ADockerExecutorNeedsAnImage) {
    Node entry = Node::table();
    entry.set_at("executor", Node::string("shell"));
    EXPECT_TRUE(check_image(entry));
    entry.set_at("executor", Node::string("docker"));
    EXPECT_FALSE(check_image(entry));
    entry.set_at("docker.image", Node::string("alpine"));
    EXPECT_TRUE(check_image(entry));
}

TEST(RegisterEntry, ATemplateFillsInOnlyWhatIsMissing) {
    Node entry = Node::table();
    entry.set_at("name", Node::string("mine"));
    entry.set_at("docker.image", Node::string(""));
    Node from = Node::table();
    from.set_at("name", Node::string("template"));
    from.set_at("docker.image", Node::string("alpine"));
    from.set_at("docker.privileged", Node::of_boolean(true));
    merge_template(entry, from);
    EXPECT_EQ(text_of(entry, "name"), "mine");
    EXPECT_EQ(text_of(entry, "docker.image"), "alpine");
    ASSERT_NE(entry.at("docker.privileged"), nullptr);
}

TEST(RegisterEntry, ATemplateWarnsOfUnknownKeysOnly) {
    const tests::TempDir dir;
    const auto path = dir.path() / "template.toml";
    std::ofstream(path) << "[[runners]]\n  nmae = \"a\"\n  executor = \"docker\"\n"
                           "  [runners.docker]\n    dns = [\"here\"]\n";
    testing::internal::CaptureStderr();
    const auto entry = load_template(path);
    const std::string log = testing::internal::GetCapturedStderr();
    ASSERT_TRUE(entry) << entry.error().message;
    EXPECT_EQ(text_of(*entry, "executor"), "docker");
    EXPECT_THAT(log, HasSubstr("unknown key \"nmae\" in [[runners]] is ignored"));
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
}

TEST(RegisterEntry, ACompleteDockerEntryHasTheCacheVolumeOnce) {
    Node entry = Node::table();
    entry.set_at("executor", Node::string("docker"));
    complete_entry(entry);
    complete_entry(entry);
    ASSERT_NE(entry.at("docker.volumes"), nullptr);
    ASSERT_EQ(entry.at("docker.volumes")->items.size(), 1U);
    EXPECT_EQ(entry.at("docker.volumes")->items[0].text, "/cache");
}

TEST(TomlDate, TakesWholeSecondsAndRefusesWhatIsNoDate) {
    EXPECT_EQ(toml_date("2030-01-02T03:04:05.678Z"), "2030-01-02T03:04:05Z");
    EXPECT_EQ(toml_date(""), "");
    EXPECT_EQ(toml_date("tomorrow at the latest!!"), "");
}

}  // namespace
}  // namespace runner::commands
