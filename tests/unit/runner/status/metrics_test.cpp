#include "runner/status/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "tests/unit/runner/status/snapshot_sample.hpp"

namespace runner::status {
namespace {

const RunnerLabels kBusy{"tok_busy1", "busy", "s_123456789abc"};
constexpr const char* kBusyLabels =
    R"(runner="tok_busy1",runner_name="busy",system_id="s_123456789abc")";

/// The values of all series by "name{labels in the order of the text}".
std::map<std::string, double> series(const Metrics& metrics, const Snapshot& now = sample()) {
    std::map<std::string, double> found;
    std::istringstream text(metrics.text(now));
    for (std::string line; std::getline(text, line);) {
        if (line.empty() || line[0] == '#') continue;
        const auto space = line.rfind(' ');
        const bool first =
            found.emplace(line.substr(0, space), std::atof(line.c_str() + space + 1)).second;
        EXPECT_TRUE(first) << "twice: " << line;
    }
    return found;
}

TEST(Metrics, ShowThePresentState) {
    const Metrics metrics;
    auto now = series(metrics);
    EXPECT_EQ(now["gitlab_runner_concurrent"], 7);
    EXPECT_EQ(now[std::string("gitlab_runner_limit{") + kBusyLabels + "}"], 3);
    EXPECT_EQ(now[R"(gitlab_runner_process_state_info{state="running"})"], 1);
    EXPECT_EQ(
        now[R"(gitlab_runner_request_concurrency{runner="tok_busy1",system_id="s_123456789abc"})"],
        2);
    EXPECT_EQ(
        now[R"(gitlab_runner_request_concurrency_hard_limit{runner="tok_busy1",system_id="s_123456789abc"})"],
        4);
    EXPECT_EQ(
        now[R"(gitlab_runner_request_concurrency_used_limit{runner="tok_busy1",system_id="s_123456789abc"})"],
        2);
    EXPECT_EQ(now["process_start_time_seconds"], 1'700'000'000);
    EXPECT_GT(now["process_resident_memory_bytes"], 1e6);
    EXPECT_GT(now["process_open_fds"], 2);
}

TEST(Metrics, CountTheRolesOfCaches) {
    Metrics metrics;
    metrics.roles().count_held_by([] { return std::size_t{2}; });
    metrics.roles().requests(1);
    metrics.roles().began(std::chrono::milliseconds(20));
    metrics.roles().ended(std::chrono::milliseconds(200), true);
    metrics.roles().began(std::chrono::seconds(0));
    metrics.roles().ended(std::chrono::seconds(1), false);
    metrics.roles().hit();
    auto now = series(metrics);
    const std::string name = "gitlab_runner_cache_s3_assume_role_";
    EXPECT_EQ(now[name + "requests_in_flight"], 1);
    EXPECT_EQ(now[name + R"(wait_seconds_bucket{le="0.01"})"], 1);
    EXPECT_EQ(now[name + R"(wait_seconds_bucket{le="0.025"})"], 2);
    EXPECT_EQ(now[name + R"(duration_seconds_bucket{le="0.25"})"], 1);
    EXPECT_EQ(now[name + "duration_seconds_count"], 2);
    EXPECT_EQ(now[name + "cache_hits_total"], 1);
    EXPECT_EQ(now[name + "cache_misses_total"], 2);
    EXPECT_EQ(now[name + "cached_credentials"], 2);
    EXPECT_EQ(now[name + "failures_total"], 1);
}

TEST(Metrics, EveryRunnerHasAnIdleSeriesAndEveryJobCounts) {
    const Metrics metrics;
    Snapshot two = sample();
    two.jobs.push_back(two.jobs[0]);
    double jobs = 0;
    int idle = 0;
    for (const auto& [name, value] : series(metrics, two)) {
        if (!name.starts_with("gitlab_runner_jobs{")) continue;
        jobs += value;
        if (name.find(R"(state="idle")") == std::string::npos) continue;
        ++idle;
        EXPECT_EQ(value, 0);
    }
    EXPECT_EQ(jobs, 2);
    EXPECT_EQ(idle, 2);
}

TEST(Metrics, CountJobsFromTheQueueToTheirEnd) {
    Metrics metrics;
    metrics.job_received({.runner = kBusy,
                          .executor = "shell",
                          .seconds_in_queue = 45,
                          .project_jobs_running = "3",
                          .queue_size = 8,
                          .queue_depth = 9});
    metrics.job_finished(
        {.runner = kBusy, .duration = std::chrono::seconds(61), .failure_reason = ""});
    metrics.job_finished(
        {.runner = kBusy, .duration = std::chrono::seconds(2), .failure_reason = "script_failure"});
    auto now = series(metrics);
    EXPECT_EQ(now[std::string("gitlab_runner_jobs_total{") + kBusyLabels + "}"], 1);
    EXPECT_EQ(now[std::string("gitlab_runner_job_queue_size{") + kBusyLabels + "}"], 8);
    EXPECT_EQ(now[std::string("gitlab_runner_job_queue_depth{") + kBusyLabels + "}"], 9);
    EXPECT_EQ(now[R"(gitlab_runner_job_execution_mode_total{executor="shell",mode="traditional"})"],
              1);
    EXPECT_EQ(
        now[std::string(
                R"(gitlab_runner_worker_processing_failures_total{failure_type="job_failure",)") +
            kBusyLabels + "}"],
        1);
    const std::string mode = R"({mode="traditional",)";
    const std::string duration = "gitlab_runner_job_duration_seconds_bucket" + mode + kBusyLabels;
    EXPECT_EQ(now[duration + R"(,le="30"})"], 1);
    EXPECT_EQ(now[duration + R"(,le="60"})"], 1);
    EXPECT_EQ(now[duration + R"(,le="300"})"], 2);
    EXPECT_EQ(
        now[R"(gitlab_runner_failed_jobs_total{failure_reason="script_failure",mode="traditional",)"
            R"(runner="tok_busy1",runner_name="busy"})"],
        1);
}

TEST(Metrics, CountTurnsAndTheirResults) {
    Metrics metrics;
    const std::string labels = std::string("{") + kBusyLabels + "}";
    const std::string of_token = R"({runner="tok_busy1",system_id="s_123456789abc"})";
    auto before = series(metrics);
    for (const auto& name : {"gitlab_runner_worker_feeds_total" + labels,
                             "gitlab_runner_worker_feed_failures_total" + labels,
                             "gitlab_runner_request_concurrency_exceeded_total" + of_token}) {
        ASSERT_TRUE(before.contains(name)) << name;
        EXPECT_EQ(before[name], 0) << name;
    }
    metrics.fed(kBusy, Feed::kOffered);
    metrics.fed(kBusy, Feed::kNoRequestSlot);
    metrics.fed(kBusy, Feed::kUnhealthy);
    metrics.job_refused(kBusy);
    auto now = series(metrics);
    EXPECT_EQ(now["gitlab_runner_worker_feeds_total" + labels], 2);
    EXPECT_EQ(now["gitlab_runner_worker_feed_failures_total" + labels], 1);
    EXPECT_EQ(now["gitlab_runner_request_concurrency_exceeded_total" + of_token], 1);
    EXPECT_EQ(
        now[std::string(R"(gitlab_runner_worker_processing_failures_total{failure_type="other",)") +
            kBusyLabels + "}"],
        1);
}

TEST(Metrics, CountAddedAndRemovedSlots) {
    Metrics metrics;
    for (const int concurrent : {4, 4, 1, 3}) metrics.places_changed(concurrent);
    auto now = series(metrics);
    EXPECT_EQ(now[R"(gitlab_runner_worker_slot_operations_total{operation="started"})"], 6);
    EXPECT_EQ(now[R"(gitlab_runner_worker_slot_operations_total{operation="stopped"})"], 3);
}

TEST(Metrics, CountCallsByTheirAnswer) {
    Metrics metrics;
    metrics.api_call({.runner = kBusy,
                      .endpoint = "patch_trace",
                      .method = "PATCH",
                      .status = 202,
                      .duration = std::chrono::milliseconds(300),
                      .attempts = 1});
    metrics.api_call({.runner = kBusy,
                      .endpoint = "patch_trace",
                      .method = "PATCH",
                      .status = 0,
                      .duration = std::chrono::seconds(2),
                      .attempts = 5});
    auto now = series(metrics);
    const std::string labels = R"({endpoint="patch_trace",method="patch",runner="tok_busy1",)";
    const std::string system = R"(system_id="s_123456789abc"})";
    EXPECT_EQ(
        now["gitlab_runner_api_request_statuses_total" + labels + R"(status="202",)" + system], 1);
    EXPECT_EQ(now["gitlab_runner_api_request_statuses_total" + labels + R"(status="-1",)" + system],
              1);
    const std::string timing = "gitlab_runner_api_request_duration_seconds_count" + labels;
    EXPECT_EQ(now[timing + R"(status_class="2xx",)" + system], 1);
    EXPECT_EQ(now[timing + R"(status_class="unknown",)" + system], 1);
    EXPECT_EQ(
        now[R"(gitlab_runner_api_request_retries_total{method="patch",path="/api/v4/jobs/{id}/trace"})"],
        6);
}

TEST(Metrics, CountConfigurationsAndRefusals) {
    Metrics metrics;
    metrics.configuration_loaded(true);
    metrics.configuration_loaded(true);
    metrics.configuration_loaded(false);
    metrics.request_refused_by_server(kBusy);
    auto now = series(metrics);
    EXPECT_EQ(now["gitlab_runner_configuration_loaded_total"], 2);
    EXPECT_EQ(now["gitlab_runner_configuration_loading_error_total"], 1);
    EXPECT_EQ(
        now[std::string("gitlab_runner_worker_health_check_failures_total{") + kBusyLabels + "}"],
        1);
}

TEST(Metrics, ShowWhatOnlyThisRunnerHas) {
    Metrics metrics;
    Snapshot present = sample();
    present.jobs[0].log_backlog_bytes = 700;
    present.jobs.push_back(present.jobs[0]);
    for (auto& runner : present.runners) runner.paused = runner.name == present.jobs[0].runner_name;
    present.disks = {{"state", "/var/lib/runner", 1000, 250, 0, 0}, {"builds", "/unknown"}};
    present.runners[0].disk_problem = "short";
    metrics.environment().collected("volume", 4096);
    metrics.environment().collection_ended(7'000'000);
    for (const std::int64_t age : {3, 9}) {
        auto& environment = present.warm.environments.emplace_back();
        environment.short_token = present.jobs[0].short_token;
        environment.age_seconds = age;
        environment.memory_bytes = 25 * age;
    }
    present.warm.counts[present.jobs[0].short_token] = {
        .hits = 4, .misses = {{"empty", 2}}, .made = 7, .removed = 1};
    auto now = series(metrics, present);
    EXPECT_EQ(now[R"(runner_collected_objects_total{kind="volume"})"], 1);
    EXPECT_EQ(now[R"(runner_collected_bytes_total{kind="volume"})"], 4096);
    EXPECT_TRUE(now.contains(R"(runner_collected_objects_total{kind="image"})"));
    EXPECT_EQ(now["runner_collection_last_run_timestamp_seconds"], 7);
    int held = 0;
    for (const auto& [name, value] : now)
        held += name.starts_with("runner_paused_by_disk{") && value == 1 ? 1 : 0;
    EXPECT_EQ(held, 1) << "of the runners";
    const std::string labels = std::string("{") + kBusyLabels + "}";
    EXPECT_EQ(now["runner_warm_environments" + labels], 2);
    EXPECT_EQ(now["runner_warm_memory_bytes" + labels], 300);
    EXPECT_EQ(now["runner_warm_oldest_age_seconds" + labels], 9);
    EXPECT_EQ(now["runner_warm_hits_total" + labels], 4);
    EXPECT_EQ(now["runner_warm_made_total" + labels], 7);
    EXPECT_EQ(now["runner_warm_removed_total" + labels], 1);
    EXPECT_EQ(now[std::string(R"(runner_warm_misses_total{reason="empty",)") + kBusyLabels + "}"],
              2);
    EXPECT_EQ(now["runner_last_contact_timestamp_seconds" + labels], 1'700'000'060);
    EXPECT_EQ(now["runner_trace_backlog_bytes" + labels], 1400);
    EXPECT_EQ(now["runner_paused" + labels], 1);
    EXPECT_EQ(now[R"(runner_disk_free_bytes{directory="state",path="/var/lib/runner"})"], 250);
    EXPECT_EQ(now[R"(runner_disk_size_bytes{directory="state",path="/var/lib/runner"})"], 1000);
    EXPECT_FALSE(now.contains(R"(runner_disk_size_bytes{directory="builds",path="/unknown"})"))
        << "it was not measured yet";
    for (const char* name : {"runner_jobs_taken_over_total", "runner_orphans_removed_total",
                             "runner_image_pulled_bytes_total", "runner_cache_restored_bytes_total",
                             "runner_cache_saved_bytes_total",
                             "gitlab_runner_acceptable_job_queuing_duration_exceeded_total"}) {
        ASSERT_TRUE(now.contains(name + labels)) << name;
        EXPECT_EQ(now[name + labels], 0) << name;
    }
}

TEST(Metrics, CountWhatJobsNeed) {
    Metrics metrics;
    using namespace std::chrono_literals;
    auto& environment = metrics.environment();
    environment.image_pulled(kBusy, true, 3s, 5000);
    environment.image_pulled(kBusy, false, 1s, 0);
    environment.engine_booted(kBusy, true, 400ms);
    environment.builder_booted(kBusy, false, 2s);
    environment.cache_restored(kBusy, "hit", 700);
    environment.cache_restored(kBusy, "hit", 50);
    environment.cache_saved(kBusy, "saved", 31);
    environment.job_taken_over(kBusy);
    environment.orphans_removed(kBusy, 4);
    metrics.stage_ended(kBusy, "get_sources", 700ms);
    metrics.queuing_exceeded(kBusy);
    auto now = series(metrics);
    const std::string all = std::string("{") + kBusyLabels + "}";
    const auto with = [](const std::string& label) { return "{" + label + "," + kBusyLabels; };
    EXPECT_EQ(now["runner_image_pulled_bytes_total" + all], 5000);
    EXPECT_EQ(now["runner_cache_restored_bytes_total" + all], 750);
    EXPECT_EQ(now["runner_cache_saved_bytes_total" + all], 31);
    EXPECT_EQ(now["runner_jobs_taken_over_total" + all], 1);
    EXPECT_EQ(now["runner_orphans_removed_total" + all], 4);
    EXPECT_EQ(now["gitlab_runner_acceptable_job_queuing_duration_exceeded_total" + all], 1);
    for (const auto& [name, value] : std::vector<std::pair<std::string, double>>{
             {"runner_image_pull_duration_seconds_sum{" + std::string(R"(result="pulled",)") +
                  kBusyLabels + "}",
              3},
             {"runner_image_pull_duration_seconds_count" + with(R"(result="failed")") + "}", 1},
             {"runner_engine_boot_duration_seconds_bucket" + with(R"(result="ready")") +
                  R"(,le="0.5"})",
              1},
             {"runner_builder_boot_duration_seconds_bucket" + with(R"(result="failed")") +
                  R"(,le="1"})",
              0}}) {
        ASSERT_TRUE(now.contains(name)) << name;
        EXPECT_EQ(now[name], value) << name;
    }
    double stages = 0;
    for (const auto& [name, value] : now) {
        if (name.starts_with("gitlab_runner_job_stage_duration_seconds_count{")) stages += value;
    }
    EXPECT_EQ(stages, 1);
}

TEST(Metrics, LabelsAreEscaped) {
    const Metrics metrics;
    EXPECT_THAT(metrics.text(sample()), testing::HasSubstr(R"(runner_name="idle \"one\"")"));
}

}  // namespace
}  // namespace runner::status
