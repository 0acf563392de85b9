#include "runner/doctor/judge_job.hpp"

#include "runner/doctor/job_script.hpp"
#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

PathFigures way(int passes) {
    return {.host = "git",
            .port = "443",
            .addresses = {"10.0.0.1"},
            .address = "10.0.0.1",
            .device = "eth0",
            .failed_at = "",
            .error = "",
            .packet = 1500,
            .passes = passes};
}

JobReport report() {
    JobReport report;
    report.script_ran = true;
    report.own_engine = true;
    report.engine_inside = true;
    report.own_builder = true;
    for (const Place place : {Place::kJob, Place::kInnerEngine, Place::kBuilder})
        report.measured[place].paths = {way(1500)};
    report.measured[Place::kJob].rights = {{true}};
    report.measured[Place::kJob].cgroups = {{2, true, {"cpu"}}};
    return report;
}

TEST(JudgeJob, OnlyOneLineSaysThatThereWasNoJob) {
    JobReport none;
    none.skipped = "no job was run (--no-job)";
    expect_finding(judge_job(none), skipped("no job was run (--no-job)"));
    for (const auto& finding :
         {judge_privileges(none), judge_job_cgroups(none), judge_job_platforms(none),
          judge_job_disk(Place::kJob, none), judge_job_disk(Place::kInnerEngine, none),
          judge_job_proxies(Place::kJob, none), judge_engine_of_job(none),
          judge_storage_of_job(none), judge_builder_of_job(none),
          judge_job_names(Place::kJob, none), judge_job_packets(Place::kBuilder, none),
          judge_job_registry(Place::kBuilder, "r", none)})
        EXPECT_TRUE(is_silent(finding)) << finding.seen;
}

TEST(JudgeJob, NamesTheFailureOfTheJob) {
    JobReport failed;
    failed.failure = "image not found";
    expect_finding(judge_job(failed),
                   problem("image not found", "runner doctor --debug shows the job's log"));
    expect_finding(judge_job(report()), ok("a job was prepared, ran and was removed"));
}

TEST(JudgeJob, NamesTheSettingsOfTheExecutor) {
    const struct {
        executors::ExecutorKind executor;
        const char* remedy;
    } table[] = {
        {executors::ExecutorKind::kDocker,
         "correct image, pull_policy and allowed_images in [runners.docker], or the logins"},
        {executors::ExecutorKind::kShell, "correct shell, builds_dir and cache_dir in [[runners]]"},
        {executors::ExecutorKind::kCustom,
         "correct the programs in [runners.custom], and builds_dir and cache_dir"}};
    for (const auto& [executor, remedy] : table) {
        JobReport failed;
        failed.failure = "it is wrong";
        failed.settings_failed = true;
        failed.executor = executor;
        expect_finding(judge_job(failed), problem("it is wrong", remedy));
    }
}

TEST(JudgeJob, NamesTheDiskOfTheInnerEngine) {
    JobReport full = report();
    full.measured[Place::kInnerEngine].disks = {{.path = "/var/lib/docker",
                                                 .error = "",
                                                 .total_bytes = 10'000'000'000,
                                                 .free_bytes = 900'000'000}};
    expect_finding(judge_job_disk(Place::kInnerEngine, full),
                   problem("/var/lib/docker: 900.0 MB of 10.0 GB free",
                           "free space where the job's engine keeps its data: runner gc, or a "
                           "larger disk for the engine of this machine"));
    full.engine_inside = false;
    EXPECT_TRUE(is_silent(judge_job_disk(Place::kInnerEngine, full)));
}

TEST(JudgeJob, NamesTheProxyOfEachPlace) {
    for (const Place place : {Place::kJob, Place::kInnerEngine, Place::kBuilder}) {
        JobReport dead = report();
        EXPECT_TRUE(is_silent(judge_job_proxies(place, dead)));
        auto proxy = way(0);
        proxy.host = "proxy";
        proxy.port = "3128";
        proxy.error = "Connection refused";
        dead.measured[place].paths.push_back(proxy);
        expect_finding(judge_job_proxies(place, dead),
                       problem("the proxy proxy:3128: Connection refused",
                               "repair it, or correct the proxies in `environment` of "
                               "[[runners]]"));
    }
}

TEST(JudgeJob, NamesTheKeyOfTheMtuOfEachPlace) {
    const struct {
        Place place;
        const char* remedy;
    } table[] = {{Place::kJob,
                  "set network_mtu = 1400 in [runners.docker], with FF_NETWORK_PER_BUILD; or "
                  "\"mtu\": 1400 in the engine's daemon.json"},
                 {Place::kInnerEngine, "set mtu = 1400 in [runners.dind]"},
                 {Place::kBuilder, "set mtu = 1400 in [runners.dind]"}};
    JobReport narrow = report();
    for (const auto& row : table) {
        narrow.measured[row.place].paths = {way(1400)};
        expect_finding(judge_job_packets(row.place, narrow),
                       problem("packets of 1500 bytes do not arrive at git:443, those of 1400 do",
                               row.remedy));
    }
}

TEST(JudgeJob, AnEngineNeedsAPrivilegedContainer) {
    JobReport plain = report();
    plain.own_engine = false;
    plain.engine_inside = false;
    plain.engine_refused = true;
    plain.measured[Place::kJob].rights = {{false}};
    expect_finding(
        judge_privileges(plain),
        warning("the image starts an engine, but its container is not privileged: none runs",
                "set privileged = true in [runners.docker]"));
    plain.engine_refused = false;
    EXPECT_EQ(judge_privileges(plain).state, State::kOk);
    expect_finding(judge_privileges(report()), ok("privileged, as an engine needs it"));
}

TEST(JudgeJob, AnEngineBesideTheJobNeedsNothingOfIt) {
    JobReport beside = report();
    beside.engine_inside = false;
    beside.measured[Place::kJob].rights = {{false}};
    beside.measured[Place::kJob].cgroups = {{2, false, {"cpu"}}};
    EXPECT_EQ(judge_privileges(beside).state, State::kOk);
    EXPECT_EQ(judge_job_cgroups(beside).state, State::kOk);
}

TEST(JudgeJob, NamesAnEngineThatTheClientDoesNotReach) {
    EXPECT_EQ(judge_engine_of_job(report()).state, State::kProblem);
    JobReport no_client = report();
    no_client.measured[Place::kInnerEngine].paths.clear();
    no_client.measured[Place::kInnerEngine].commands = {{kClient, 127, "docker: not found"}};
    expect_finding(judge_engine_of_job(no_client),
                   skipped("the job's image has no docker client to ask it with"));
    EXPECT_TRUE(is_silent(judge_job_connection(Place::kInnerEngine, no_client)));
}

TEST(JudgeJob, NamesTheBuildersRegistry) {
    JobReport pushed = report();
    pushed.measured[Place::kBuilder].commands = {{push_name("r"), 0, ""}};
    expect_finding(judge_job_registry(Place::kBuilder, "r", pushed), ok("r: push works"));
    pushed.measured[Place::kInnerEngine].commands = {{push_name("r"), 0, ""}};
    pushed.measured[Place::kBuilder].commands.push_back({pull_name("r"), 0, ""});
    expect_finding(judge_job_registry(Place::kBuilder, "r", pushed), ok("r: push and pull work"));
    pushed.measured[Place::kBuilder].commands.back() = {pull_name("r"), 1, "denied\n"};
    EXPECT_EQ(judge_job_registry(Place::kBuilder, "r", pushed).state, State::kProblem);
}

TEST(JudgeJob, BlamesNoBuilderForAnImageThatTheEngineCouldNotPush) {
    JobReport pushed = report();
    pushed.measured[Place::kInnerEngine].commands = {{push_name("r"), 1, "refused\n"}};
    pushed.measured[Place::kBuilder].commands = {{push_name("r"), 0, ""},
                                                 {pull_name("r"), 1, "not found\n"}};
    expect_finding(judge_job_registry(Place::kBuilder, "r", pushed), ok("r: push works"));
}

TEST(JudgeJob, TellsWhetherTheJobTrustsGitLab) {
    JobReport job = report();
    EXPECT_TRUE(is_silent(judge_job_tls(job))) << "a server without TLS";
    const auto with = [&job](int code) {
        job.measured[Place::kJob].commands = {{kTls, code, "curl: (60) not trusted\n"}};
        return judge_job_tls(job);
    };
    expect_finding(with(0), ok("a program of the job trusts GitLab's certificate"));
    expect_finding(with(127), skipped("the job's image has no curl to ask GitLab over TLS with"));
    expect_finding(with(7), skipped("curl of the job's image ended with 7 (see gitlab)"));
    for (const int code : {35, 60, 77}) {
        expect_finding(with(code),
                       problem("curl: (60) not trusted",
                               "name GitLab's authority: tls-ca-file in [[runners]]; see the "
                               "host's line certificate, and proxy"));
    }
}

}  // namespace
}  // namespace runner::doctor
