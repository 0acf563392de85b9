#include "runner/systemctl/unit_state.hpp"

#include <gmock/gmock.h>

namespace runner::systemctl {
namespace {

TEST(ParseUnit, ReadsStateAndCommandLine) {
    const UnitState service = parse_unit(
        "ExecStart={ path=/usr/bin/gitlab-runner ; argv[]=/usr/bin/gitlab-runner run --config "
        "/etc/gitlab-runner/config.toml --working-directory=/home/gitlab-runner --user "
        "gitlab-runner ; ignore_errors=no ; start_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n"
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n");
    EXPECT_TRUE(service.installed);
    EXPECT_TRUE(service.active);
    EXPECT_TRUE(service.enabled);
    EXPECT_EQ(service.command.size(), 7U);
    EXPECT_EQ(service.flag("config"), "/etc/gitlab-runner/config.toml");
    EXPECT_EQ(service.flag("working-directory"), "/home/gitlab-runner");
    EXPECT_EQ(service.flag("user"), "gitlab-runner");
    EXPECT_EQ(service.flag("service"), "");
}

TEST(ParseUnit, ReadsAServiceThatIsNotThere) {
    const UnitState service =
        parse_unit("LoadState=not-found\nActiveState=inactive\nUnitFileState=\n");
    EXPECT_FALSE(service.installed);
    EXPECT_FALSE(service.active);
    EXPECT_FALSE(service.enabled);
    EXPECT_TRUE(service.command.empty());
}

TEST(LookAt, FailsWhereThereIsNoSystemd) {
    const Systemctl systemctl = [](const std::vector<std::string>&) {
        return base::Result<base::ProgramEnd>(
            base::ProgramEnd{"System has not been booted with systemd\n", 1});
    };
    const auto service = look_at(systemctl, "gitlab-runner");
    ASSERT_FALSE(service.has_value());
    EXPECT_TRUE(service.error().is(base::ErrorKind::kUnavailable));
    EXPECT_THAT(service.error().message, testing::HasSubstr("not been booted with systemd"));
}

TEST(ParseUnit, SaysTheStateInWords) {
    const UnitState failed = parse_unit(
        "LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n"
        "FragmentPath=/etc/systemd/system/runner.service\n");
    EXPECT_FALSE(failed.active);
    EXPECT_EQ(failed.words, "failed (exit-code)");
    EXPECT_EQ(failed.unit_file, "/etc/systemd/system/runner.service");
    const UnitState ending =
        parse_unit("ActiveState=deactivating\nSubState=stop-sigterm\nResult=success\n");
    EXPECT_TRUE(ending.active);
    EXPECT_EQ(ending.words, "deactivating (stop-sigterm)");
}

}  // namespace
}  // namespace runner::systemctl
