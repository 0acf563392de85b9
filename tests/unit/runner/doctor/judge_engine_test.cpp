#include "runner/doctor/judge_engine.hpp"

#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

using executors::docker::EngineInfo;

EngineInfo engine() {
    EngineInfo info;
    info.server_version = "26.1.5";
    info.api_version = "1.45";
    info.os_type = "linux";
    info.storage_driver = "overlay2";
    info.cgroup_driver = "systemd";
    info.cgroup_version = "2";
    info.system_time = "1970-01-01T00:16:40Z";
    return info;
}

TEST(JudgeEngine, TellsTheVersion) {
    expect_finding(judge_engine("unix:///d", engine()), ok("version 26.1.5, API 1.45"));
    EngineInfo rootless = engine();
    rootless.security_options = {"name=seccomp", "name=rootless"};
    expect_finding(judge_engine("unix:///d", rootless), ok("version 26.1.5, API 1.45, rootless"));
}

TEST(JudgeEngine, NamesAnEngineThatDoesNotAnswer) {
    expect_finding(
        judge_engine("unix:///d", base::make_error(base::ErrorKind::kUnavailable, "no socket")),
        problem("no socket", "systemctl start docker, or correct host in [runners.docker]"));
}

TEST(JudgeEngine, RefusesWindowsContainers) {
    EngineInfo info = engine();
    info.os_type = "windows";
    EXPECT_EQ(judge_engine("tcp://d", info).state, State::kProblem);
}

TEST(JudgeEngine, NamesACopyingStorageDriverByPlace) {
    expect_finding(judge_storage(Place::kEngine, engine()), ok("overlay2"));
    EngineInfo info = engine();
    info.storage_driver = "vfs";
    expect_finding(judge_storage(Place::kEngine, info),
                   warning("vfs is slow, and each layer of an image is a full copy",
                           "set \"storage-driver\": \"overlay2\" in the engine's daemon.json"));
    expect_finding(judge_storage(Place::kInnerEngine, info),
                   warning("vfs is slow, and each layer of an image is a full copy",
                           "add \"/var/lib/docker\" to volumes in [runners.docker]"));
}

TEST(JudgeEngine, NamesAnEngineWithoutCgroups) {
    expect_finding(judge_engine_cgroups(engine()), ok("cgroups version 2, driver systemd"));
    EngineInfo info = engine();
    info.cgroup_driver = "none";
    expect_finding(judge_engine_cgroups(info),
                   problem("the engine runs containers without cgroups",
                           "mount -t cgroup2 none /sys/fs/cgroup on its machine, and restart it"));
    info = engine();
    info.warnings = {"WARNING: No swap limit support"};
    EXPECT_EQ(judge_engine_cgroups(info).state, State::kWarning);
}

TEST(JudgeEngine, ComparesTheClocks) {
    expect_finding(judge_engine_clock(engine(), 1000), ok("agrees with this machine's clock"));
    expect_finding(judge_engine_clock(engine(), 1000 + 7200),
                   problem("the engine's clock is 2 h 0 min behind this machine's",
                           "timedatectl set-ntp true, on the machine whose clock is wrong"));
}

TEST(JudgeEngine, ReadsTheEngineOfAJobPastWarnings) {
    const CommandFigures asked{"engine", 0,
                               "{\"ServerVersion\":\"26.1.5\"}\nWARNING: bridge-nf disabled\n"};
    expect_finding(judge_inner_engine(asked), ok("version 26.1.5"));
    expect_finding(
        judge_inner_engine({"engine", 1, "Cannot connect\n"}),
        problem("the engine does not answer: Cannot connect",
                "runner doctor --debug shows the job's log with the engine's last lines"));
    expect_finding(
        judge_inner_engine({"engine", 124, ""}),
        problem("the engine does not answer: no end within the time limit",
                "runner doctor --debug shows the job's log with the engine's last lines"));
}

TEST(JudgeEngine, NamesAFailedTransfer) {
    const CommandFigures good{"push r", 0, ""};
    const CommandFigures bad{"push r", 1, "a\nhttp: server gave HTTP response to HTTPS client\n"};
    expect_finding(judge_transfer("r", good, &good), ok("r: push and pull work"));
    expect_finding(judge_transfer("r", good, nullptr), ok("r: push works"));
    expect_finding(judge_transfer("r", bad, nullptr),
                   problem("r: push: http: server gave HTTP response to HTTPS client",
                           "see the host's line about r; then http, ca_file and address in "
                           "[[runners.registry]]"));
}

}  // namespace
}  // namespace runner::doctor
