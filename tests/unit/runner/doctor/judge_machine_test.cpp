#include "runner/doctor/judge_machine.hpp"

#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

constexpr std::uint64_t kMega = 1'000'000;
const DiskNeed kNeed{100 * kMega, 1000 * kMega, "free space"};

DiskFigures disk(std::uint64_t free_bytes, std::uint64_t total_inodes, std::uint64_t free_inodes) {
    return {.path = "/d",
            .error = "",
            .total_bytes = 9000 * kMega,
            .free_bytes = free_bytes,
            .total_inodes = total_inodes,
            .free_inodes = free_inodes};
}

TEST(JudgeDisks, KnowsBytesAndInodes) {
    const struct {
        DiskFigures disk;
        State state;
    } table[] = {{disk(5000 * kMega, 1'000'000, 900'000), State::kOk},
                 {disk(5000 * kMega, 0, 0), State::kOk},  // btrfs has no fixed number
                 {disk(900 * kMega, 1'000'000, 900'000), State::kWarning},
                 {disk(99 * kMega, 1'000'000, 900'000), State::kProblem},
                 {disk(5000 * kMega, 1'000'000, 50'000), State::kWarning},
                 {disk(5000 * kMega, 1'000'000, 5), State::kProblem}};
    for (const auto& row : table)
        EXPECT_EQ(judge_disks({row.disk}, kNeed).state, row.state) << row.disk.free_inodes;
}

TEST(JudgeDisks, ShowsTheWorst) {
    expect_finding(judge_disks({disk(5000 * kMega, 0, 0), disk(50 * kMega, 1000, 900)}, kNeed),
                   problem("/d: 50.0 MB of 9.0 GB free, 900 of 1000 inodes", "free space"));
}

TEST(JudgeCgroups, NeedsThemMountedAndWritableForAnEngine) {
    expect_finding(judge_cgroups(Place::kHost, {0, false, {}}, false),
                   problem("no cgroups are mounted at /sys/fs/cgroup",
                           "mount -t cgroup2 none /sys/fs/cgroup"));
    expect_finding(judge_cgroups(Place::kJob, {2, false, {"cpu", "pids"}}, false),
                   ok("cgroups version 2, read-only: cpu pids"));
    expect_finding(judge_cgroups(Place::kJob, {2, false, {"cpu"}}, true),
                   problem("cgroups version 2, which an engine here may not write",
                           "set privileged = true in [runners.docker]"));
    EXPECT_EQ(judge_cgroups(Place::kJob, {2, true, {}}, true).state, State::kWarning);
}

TEST(JudgePlatforms, NeedsProgramsToRun) {
    const std::string remedy =
        "runner doctor --fix, or apt-get install qemu-user-static on the engine's machine";
    expect_finding(
        judge_platforms({{"linux/amd64", true}, {"linux/386", false}}),
        warning("programs for linux/arm64 do not run: binfmt_misc has no interpreter", remedy));
    expect_finding(
        judge_platforms({{"linux/arm64", true}}),
        warning("programs for linux/amd64 do not run: binfmt_misc has no interpreter", remedy));
    expect_finding(
        judge_platforms({{"linux/amd64", true}, {"linux/arm64", false}}),
        problem("an interpreter is registered for linux/arm64, but it does not run programs",
                remedy));
    expect_finding(judge_platforms({{"linux/amd64", true}, {"linux/arm64", true}}),
                   ok("programs run for linux on amd64, arm64"));
}

TEST(JudgeMachine, WritesBytesForPeople) {
    EXPECT_EQ(readable_bytes(7), "7 B");
    EXPECT_EQ(readable_bytes(70'707'998'720), "70.7 GB");
}

}  // namespace
}  // namespace runner::doctor
