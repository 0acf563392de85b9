#include "runner/commands/service_unit.hpp"

#include <gmock/gmock.h>

namespace runner::commands {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ServiceUnit unit_of(const std::string& name, const std::string& config) {
    ServiceUnit unit;
    unit.name = name;
    unit.program = "/opt/a b/runner";
    unit.config = config;
    unit.directory = "/srv/100%";
    return unit;
}

TEST(UnitText, IsThePackagesUnitMadeToFit) {
    const std::string text = unit_text(unit_of("runner-2", "/etc/gitlab-runner/config.toml"));
    EXPECT_THAT(text, StartsWith(std::string(kUnitMark)));
    EXPECT_THAT(text, HasSubstr("\nExecStart=\"/opt/a b/runner\" run --config "
                                "\"/etc/gitlab-runner/config.toml\" --working-directory "
                                "\"/srv/100%%\" --service \"runner-2\"\n"));
    EXPECT_THAT(text, HasSubstr("\nRuntimeDirectory=runner-2\n"));
    EXPECT_THAT(text, HasSubstr("\nStateDirectory=runner\n"));
    EXPECT_THAT(text, HasSubstr("\nKillSignal=SIGQUIT\nKillMode=process\n"));
    EXPECT_THAT(text, HasSubstr("\nWantedBy=multi-user.target\n"));
    EXPECT_THAT(text, Not(HasSubstr("EnvironmentFile")));
    EXPECT_THAT(text, Not(HasSubstr("\nUser=")));
    EXPECT_THAT(text, Not(HasSubstr("\n\n\n")));
}

TEST(UnitText, KeepsTheStateBesideAnotherConfiguration) {
    const std::string text = unit_text(unit_of("x", "/etc/x/config.toml"));
    EXPECT_THAT(text, Not(HasSubstr("StateDirectory")));
    EXPECT_THAT(text, Not(HasSubstr("ConfigurationDirectory")));
    EXPECT_THAT(text, HasSubstr("\nRuntimeDirectory=x\n"));
}

TEST(UnitText, HasTheUsers) {
    ServiceUnit unit = unit_of("x", "/etc/x/config.toml");
    unit.process_user = "ci";
    EXPECT_THAT(unit_text(unit), HasSubstr(" --service \"x\"\nUser=ci\n"));
    unit.process_user.clear();
    unit.jobs_user = "gitlab-runner";
    EXPECT_THAT(unit_text(unit), HasSubstr(" --service \"x\" --user \"gitlab-runner\"\n"));
}

TEST(UnitText, OfAUserStartsWithItsManager) {
    ServiceUnit unit = unit_of("x", "/home/a/config.toml");
    unit.of_user = true;
    const std::string text = unit_text(unit);
    EXPECT_THAT(text, HasSubstr("\nWantedBy=default.target\n"));
    EXPECT_THAT(text, Not(HasSubstr("\nAfter=")));
}

TEST(UnitArgument, IsReadBackAsItIs) {
    EXPECT_EQ(unit_argument("a"), "\"a\"");
    EXPECT_EQ(unit_argument("a\"b\\c%d$e"), "\"a\\\"b\\\\c%%d$$e\"");
}

TEST(ServiceName, IsAWordWithoutSuffix) {
    for (const char* good : {"runner", "gitlab-runner", "a.b_2"})
        EXPECT_TRUE(check_service_name(good));
    for (const char* bad : {"", "-x", "a/b", "a b", "x.service", "a@b", "\xC3\xA4"})
        EXPECT_FALSE(check_service_name(bad)) << bad;
}

}  // namespace
}  // namespace runner::commands
