#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "runner/config/config.hpp"
#include "runner/config/inspect.hpp"
#include "tests/unit/runner/config/load_config.hpp"

namespace {

using namespace runner::config;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::LoadConfig;

TEST_F(LoadConfig, ReadsTheOfficialShapeWithoutAWarning) {
    const auto config = load(R"(concurrent = 4
check_interval = 0
connection_max_age = "15m0s"
shutdown_timeout = 0

[session_server]
  session_timeout = 1800

[[runners]]
  name = "host"
  url = "https://gitlab.example.com/"
  id = 42
  token = "glrt-abcdefghijk"
  token_obtained_at = 2026-01-01T00:00:00Z
  token_expires_at = 0001-01-01T00:00:00Z
  executor = "docker"
  [runners.cache]
    MaxUploadedArchiveSize = 0
    [runners.cache.s3]
    [runners.cache.gcs]
    [runners.cache.azure]
  [runners.docker]
    tls_verify = false
    image = "alpine:3"
    privileged = false
    disable_entrypoint_overwrite = false
    oom_kill_disable = false
    disable_cache = false
    volumes = ["/cache"]
    shm_size = 0
    network_mtu = 0
)");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings, IsEmpty());
    EXPECT_EQ(config->concurrent, 4);
    EXPECT_EQ(config->check_interval_seconds, 3);
    EXPECT_EQ(config->shutdown_timeout_seconds, 30);
    EXPECT_EQ(config->connection_max_age, std::chrono::minutes(15));
    ASSERT_EQ(config->runners.size(), 1U);
    const auto& runner = config->runners[0];
    EXPECT_EQ(runner.id, 42);
    EXPECT_EQ(runner.token.reveal(), "glrt-abcdefghijk");
    EXPECT_EQ(runner.token_obtained_at, "2026-01-01T00:00:00Z");
    EXPECT_EQ(runner.docker.image, "alpine:3");
    EXPECT_THAT(runner.docker.volumes, ElementsAre("/cache"));
    EXPECT_EQ(runner.output_limit_bytes, 4096 * 1024);
}

TEST_F(LoadConfig, ReadsTheSessionServer) {
    const auto config = load(R"([session_server]
  listen_address = "[::]:8093"
  advertise_address = "runner.example.com:8093"
  session_timeout = 60
)");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings, IsEmpty());
    EXPECT_EQ(config->session_server.listen_address, "[::]:8093");
    EXPECT_EQ(config->session_server.advertise_address, "runner.example.com:8093");
    EXPECT_EQ(config->session_server.session_timeout_seconds, 60);
    const auto without = load("[session_server]\n  session_timeout = 0\n");
    ASSERT_TRUE(without);
    EXPECT_EQ(without->session_server.session_timeout_seconds, 1800);
}

TEST_F(LoadConfig, ReadsOurOwnTables) {
    const auto config = load(entry("", R"(    privileged = true
  [runners.dind]
    mode = "on"
    mtu = 1400
    builder = false
    platforms = "host"
    preload_images = ["a", "b"]
    image = "docker:27-dind"
  [runners.images]
    refresh_after = "24h"
  [[runners.registry]]
    host = "registry.company.net:5000"
    address = "10.0.0.5"
    http = true
    mirror_of = "docker.io"
  [[runners.registry]]
    host = "[fd00::1]:65535"
  [[runners.docker.services]]
    name = "redis"
    alias = "r"
    environment = ["A=B"]
)"));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings, IsEmpty());
    const auto& runner = config->runners[0];
    EXPECT_EQ(runner.docker.refresh_after, std::chrono::hours(24));
    EXPECT_EQ(runner.dind.mode, executors::docker::DindMode::kOn);
    EXPECT_EQ(runner.dind.platforms, executors::docker::Platforms::kHost);
    EXPECT_EQ(runner.dind.mtu, 1400);
    EXPECT_EQ(runner.dind.image, "docker:27-dind");
    EXPECT_FALSE(runner.dind.builder);
    EXPECT_THAT(runner.dind.builder_driver_opts, ElementsAre("network=host"));
    ASSERT_EQ(runner.registries.size(), 2U);
    EXPECT_TRUE(runner.registries[0].http);
    EXPECT_EQ(runner.registries[1].host, "[fd00::1]:65535");
    ASSERT_EQ(runner.docker.services.size(), 1U);
    EXPECT_EQ(runner.docker.services[0].alias, "r");
    EXPECT_TRUE(runner.docker.services_privileged) << "follows privileged when it is not set";
}

TEST_F(LoadConfig, ReadsTheDriverOfTheCustomExecutor) {
    const std::string entry =
        "[[runners]]\n  name = \"a\"\n  url = \"https://git.example\"\n  token = \"glrt-x\"\n"
        "  executor = \"custom\"\n";
    const auto config = load(entry + R"(  builds_dir = "/b"
  cache_dir = "/c"
  [runners.custom]
    run_exec = "/driver/run"
    run_args = ["Arg1"]
    graceful_kill_timeout = 0
    force_kill_timeout = 7
)");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings, IsEmpty());
    const auto& custom = config->runners.front().custom;
    EXPECT_EQ(custom.run_exec, "/driver/run");
    EXPECT_THAT(custom.run_args, ElementsAre("Arg1"));
    EXPECT_EQ(custom.graceful_kill_timeout, 600);
    EXPECT_EQ(custom.force_kill_timeout, 7);
    EXPECT_EQ(custom.prepare_exec_timeout, 3600);

    const auto negative = load(entry + "  builds_dir = \"/b\"\n  cache_dir = \"/c\"\n" +
                               "  [runners.custom]\n    run_exec = \"/r\"\n"
                               "    graceful_kill_timeout = -5\n    config_exec_timeout = -1\n");
    ASSERT_TRUE(negative) << negative.error().message;
    ASSERT_EQ(negative->warnings.size(), 2U);
    EXPECT_THAT(negative->warnings[0],
                HasSubstr(":10:29: graceful_kill_timeout of [runners.custom] is negative: 600"));
    EXPECT_THAT(negative->warnings[1],
                HasSubstr(":11:27: config_exec_timeout of [runners.custom] is negative: 3600"));
    EXPECT_EQ(negative->runners.front().custom.graceful_kill_timeout, 600);

    const auto bare = load(entry);
    ASSERT_TRUE(bare) << bare.error().message;
    ASSERT_EQ(bare->warnings.size(), 3U);
    EXPECT_THAT(bare->warnings[0], HasSubstr("has no run_exec in [runners.custom]"));
    EXPECT_THAT(bare->warnings[1], HasSubstr("has no builds_dir"));
    EXPECT_THAT(bare->warnings[2], HasSubstr("has no cache_dir"));
}

TEST_F(LoadConfig, UnderstandsDurationsSizesAndLists) {
    const auto config =
        load("connection_max_age = 90000000000\n" +
             entry("  unhealthy_interval = \"1h30m\"\n  prepare_timeout = \"90s\"\n"
                   "  output_limit = 100\n",
                   "    memory = \"512m\"\n    memory_swap = \"-1\"\n    cpus = \"1.5\"\n"
                   "    pull_policy = [\"always\", \"if-not-present\"]\n"
                   "    services_privileged = false\n    privileged = true\n"
                   "    [runners.docker.tmpfs]\n      \"/run\" = \"rw\"\n"));
    ASSERT_TRUE(config) << config.error().message;
    const auto& runner = config->runners[0];
    EXPECT_EQ(config->connection_max_age, std::chrono::seconds(90));
    EXPECT_EQ(runner.unhealthy_interval, std::chrono::minutes(90));
    EXPECT_EQ(runner.prepare_timeout, std::chrono::seconds(90));
    EXPECT_EQ(runner.output_limit_bytes, 102400);
    EXPECT_EQ(runner.docker.memory_bytes, 512LL << 20);
    EXPECT_EQ(runner.docker.memory_swap_bytes, -1);
    EXPECT_EQ(runner.docker.nano_cpus, 1500000000);
    EXPECT_THAT(runner.docker.pull_policy, ElementsAre("always", "if-not-present"));
    EXPECT_FALSE(runner.docker.services_privileged);
    EXPECT_EQ(runner.docker.tmpfs.at("/run"), "rw");
}

TEST_F(LoadConfig, ExpandsVariablesInAddressAndToken) {
    ::setenv("RUNNER_TEST_TOKEN", "glrt-fromenv", 1);
    ::setenv("RUNNER_TEST_HOST", "git.example", 1);
    ::unsetenv("RUNNER_TEST_NONE");
    const auto config = load(
        "[[runners]]\nurl = \"https://$RUNNER_TEST_HOST/x\"\ntoken = \"${RUNNER_TEST_TOKEN}\"\n"
        "[[runners]]\nurl = \"https://g\"\ntoken = \"$RUNNER_TEST_NONE\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->runners[0].url, "https://git.example/x");
    EXPECT_EQ(config->runners[0].token.reveal(), "glrt-fromenv");
    EXPECT_TRUE(config->runners[1].token.empty());
    EXPECT_THAT(config->warnings, Contains(HasSubstr("$RUNNER_TEST_NONE, which is not set")));
}

TEST_F(LoadConfig, TakesTheTokenFromAFile) {
    ::setenv("RUNNER_TEST_CREDENTIALS", dir_.path().c_str(), 1);
    std::ofstream(dir_.path() / "token") << "glrt-from$file\n";
    std::ofstream(dir_.path() / "empty") << "\n";
    const auto config = load(
        "[[runners]]\nurl = \"https://g\"\ntoken_file = \"$RUNNER_TEST_CREDENTIALS/token\"\n"
        "[[runners]]\nname = \"b\"\nurl = \"https://g\"\ntoken_file = \"/none/token\"\n"
        "[[runners]]\nname = \"c\"\nurl = \"https://g\"\n"
        "token_file = \"$RUNNER_TEST_CREDENTIALS/empty\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->runners[0].token.reveal(), "glrt-from$file");
    EXPECT_EQ(config->runners[0].token_file, (dir_.path() / "token").string());
    EXPECT_TRUE(config->runners[1].token.empty());
    EXPECT_THAT(config->warnings,
                Contains(AllOf(HasSubstr("runner \"b\" is skipped"), HasSubstr("/none/token"))));
    EXPECT_TRUE(config->runners[2].token.empty());
    EXPECT_THAT(config->warnings,
                Contains(AllOf(HasSubstr("runner \"c\" is skipped"), HasSubstr("is empty"))));
}

TEST_F(LoadConfig, RefusesATokenFileWithMoreThanTheToken) {
    std::ofstream(dir_.path() / "two") << "glrt-one\nglrt-two\n";
    const auto config = load("[[runners]]\nname = \"b\"\nurl = \"https://g\"\ntoken_file = \"" +
                             (dir_.path() / "two").string() + "\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(config->runners[0].token.empty());
    EXPECT_THAT(config->warnings,
                Contains(AllOf(HasSubstr("runner \"b\" is skipped: its token_file: "),
                               HasSubstr("has more than one line"), Not(HasSubstr("glrt-")))));
}

TEST_F(LoadConfig, RefusesANegativeNumberOfRecentJobs) {
    EXPECT_THAT(failure("[status]\nrecent_jobs = -1\n"),
                HasSubstr("status.recent_jobs is -1: write how many ended jobs are remembered, 0 "
                          "for none"));
}

TEST_F(LoadConfig, RefusesATokenBesideATokenFile) {
    EXPECT_THAT(failure(entry("  token_file = \"/etc/token\"\n")),
                HasSubstr("runners.token and runners.token_file exclude each other"));
}

TEST_F(LoadConfig, ExpandsVariablesInPathsOfFiles) {
    ::setenv("RUNNER_TEST_CREDENTIALS", dir_.path().c_str(), 1);
    std::ofstream(dir_.path() / "ca.crt") << "x";
    const auto config = load(entry("  tls-ca-file = \"$RUNNER_TEST_CREDENTIALS/ca.crt\"\n") +
                             "  [[runners.registry]]\n    host = \"r.example\"\n"
                             "    ca_file = \"${RUNNER_TEST_CREDENTIALS}/ca.crt\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings, IsEmpty());
    EXPECT_EQ(config->runners[0].tls_ca_file, (dir_.path() / "ca.crt").string());
    EXPECT_EQ(config->runners[0].registries[0].ca_file, (dir_.path() / "ca.crt").string());
}

TEST_F(LoadConfig, FindsCertificatesBesideTheFile) {
    std::filesystem::create_directory(dir_.path() / "certs");
    for (const char* name : {"git.example.crt", "git.example.auth.crt", "git.example.auth.key"}) {
        std::ofstream(dir_.path() / "certs" / name) << "x";
    }
    const auto config =
        load("[[runners]]\nurl = \"https://git.example:8443/root\"\ntoken = \"t\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->runners[0].tls_ca_file, (dir_.path() / "certs/git.example.crt").string());
    EXPECT_EQ(config->runners[0].tls_key_file,
              (dir_.path() / "certs/git.example.auth.key").string());
}

TEST_F(LoadConfig, TakesKeysInAnyCaseAsTheOfficialProgramDoes) {
    const auto config = load("Concurrent = 5\n");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->concurrent, 5);
    EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(LoadConfig, ReportsFilesThatCannotBeRead) {
    const auto missing = load_config(dir_.path() / "none.toml");
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().is(base::ErrorKind::kNotFound));
    EXPECT_THAT(missing.error().message,
                HasSubstr("does not exist: make it with `runner register`"));
    const auto directory = load_config(dir_.path());
    ASSERT_FALSE(directory);
    EXPECT_THAT(directory.error().message, HasSubstr("is a directory"));
    if (::geteuid() == 0) return;
    std::ofstream(path_) << "";
    ::chmod(path_.c_str(), 0);
    const auto closed = load_config(path_);
    ASSERT_FALSE(closed);
    EXPECT_THAT(closed.error().message, HasSubstr("may not be read by this user"));
}

TEST_F(LoadConfig, AnEmptyFileIsAConfiguration) {
    const auto config = load("");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->concurrent, 1);
    EXPECT_THAT(config->runners, IsEmpty());
}

TEST_F(LoadConfig, ReadsTheTimesThatJobsMayWait) {
    const std::string table = R"(
  [[runners.monitoring.job_queuing_durations]]
    periods = ["* 9-17 * * Mon-Fri"]
    timezone = "Europe/Berlin"
    threshold = "5m"
    jobs_running_for_project = "^0$"
  [[runners.monitoring.job_queuing_durations]]
    periods = ["* * * * *"]
    threshold = "1h"
)";
    const auto config = load(entry("", table));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings, IsEmpty());
    const auto& durations = config->runners.at(0).queuing_durations;
    ASSERT_EQ(durations.size(), 2U);
    EXPECT_THAT(durations[0].periods, ElementsAre("* 9-17 * * Mon-Fri"));
    EXPECT_EQ(durations[0].timezone, "Europe/Berlin");
    EXPECT_EQ(durations[0].threshold, std::chrono::minutes(5));
    EXPECT_EQ(durations[0].jobs_running_for_project, "^0$");
    EXPECT_EQ(durations[1].timezone, "");
}

TEST_F(LoadConfig, NamesWhatIsWrongWithATimeThatJobsMayWait) {
    const auto table = [](const std::string& keys) {
        return entry("", "  [[runners.monitoring.job_queuing_durations]]\n" + keys);
    };
    const std::string good = "periods = [\"* * * * *\"]\nthreshold = \"1m\"\n";
    EXPECT_THAT(failure(table("threshold = \"1m\"\n")), HasSubstr(".periods: without one"));
    EXPECT_THAT(failure(table("periods = [\"* 25 * * *\"]\nthreshold = \"1m\"\n")),
                HasSubstr("\"* 25 * * *\": hour \"25\" is not valid"));
    EXPECT_THAT(failure(table("periods = [\"* * * * *\"]\n")), HasSubstr(".threshold: "));
    EXPECT_THAT(failure(table(good + "timezone = \"Mars\"\n")),
                HasSubstr("\"Mars\" is not a time zone"));
    EXPECT_THAT(failure(table(good + "jobs_running_for_project = \"(\"\n")),
                HasSubstr(".jobs_running_for_project: "));
}

}  // namespace
