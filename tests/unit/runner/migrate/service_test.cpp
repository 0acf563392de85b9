#include "runner/migrate/service.hpp"

#include <gmock/gmock.h>

namespace runner::migrate {
namespace {

TEST(ParseService, ReadsStateAndCommandLine) {
    const Service service = parse_service(
        "ExecStart={ path=/usr/bin/gitlab-runner ; argv[]=/usr/bin/gitlab-runner run --config "
        "/etc/gitlab-runner/config.toml --working-directory=/home/gitlab-runner --user "
        "gitlab-runner ; ignore_errors=no ; start_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n"
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n");
    EXPECT_TRUE(service.exists);
    EXPECT_TRUE(service.active);
    EXPECT_TRUE(service.enabled);
    EXPECT_EQ(service.command.size(), 7U);
    EXPECT_EQ(service.flag("config"), "/etc/gitlab-runner/config.toml");
    EXPECT_EQ(service.flag("working-directory"), "/home/gitlab-runner");
    EXPECT_EQ(service.flag("user"), "gitlab-runner");
    EXPECT_EQ(service.flag("service"), "");
}

TEST(ParseService, ReadsAServiceThatIsNotThere) {
    const Service service =
        parse_service("LoadState=not-found\nActiveState=inactive\nUnitFileState=\n");
    EXPECT_FALSE(service.exists);
    EXPECT_FALSE(service.active);
    EXPECT_FALSE(service.enabled);
    EXPECT_TRUE(service.command.empty());
}

TEST(LookAtService, FailsWhereThereIsNoSystemd) {
    const Systemctl systemctl = [](const std::vector<std::string>&) {
        return base::Result<base::ProgramEnd>(
            base::ProgramEnd{"System has not been booted with systemd\n", 1});
    };
    const auto service = look_at_service(systemctl, "gitlab-runner");
    ASSERT_FALSE(service.has_value());
    EXPECT_TRUE(service.error().is(base::ErrorKind::kUnavailable));
    EXPECT_THAT(service.error().message, testing::HasSubstr("not been booted with systemd"));
}

}  // namespace
}  // namespace runner::migrate
