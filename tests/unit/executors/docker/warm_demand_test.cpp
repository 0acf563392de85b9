#include "executors/docker/warm_demand.hpp"

#include "executors/docker/settings.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace executors::docker {
namespace {

using namespace std::chrono_literals;

WarmTime at(std::chrono::seconds time) { return WarmTime() + std::chrono::hours(1000) + time; }

WarmHistory arrived(const std::vector<int>& seconds) {
    WarmHistory history;
    for (const int second : seconds) note_arrival(history, at(std::chrono::seconds(second)));
    return history;
}

TEST(WarmDemandTest, LearnsHowLongToWaitForTheNextJob) {
    const struct {
        std::vector<int> arrivals;
        std::chrono::seconds patience;
    } rows[] = {
        {{0}, 5min},            // nothing is known of the pause
        {{0, 1, 2}, 2min},      // the least
        {{0, 100, 200}, 300s},  // three pauses
        {{0, 5000}, 30min},     // the most
    };
    for (const auto& row : rows) EXPECT_EQ(patience(arrived(row.arrivals)), row.patience);
}

TEST(WarmDemandTest, LearnsHowManyJobsComeTogether) {
    const struct {
        const char* what;
        std::vector<int> arrivals;
        int warm;
        int now;
        int jobs;
    } rows[] = {
        {"no job was ever there", {}, kWarmAuto, 0, 0},
        {"one job", {0}, kWarmAuto, 1, 1},
        {"one after another", {0, 60, 120}, kWarmAuto, 121, 1},
        {"a stage of four", {0, 1, 1, 2}, kWarmAuto, 3, 4},
        {"an older stage counts", {0, 1, 2, 300, 600}, kWarmAuto, 601, 3},
        {"one that is too old does not", {0, 1, 2, 1800, 1900}, kWarmAuto, 1901, 1},
        {"nobody comes any more", {0, 1, 2}, kWarmAuto, 123, 0},
        {"it is turned off", {0, 1, 2}, 0, 3, 0},
        {"a fixed number", {0}, 3, 100000, 3},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(likely_jobs(arrived(row.arrivals), row.warm, at(std::chrono::seconds(row.now))),
                  row.jobs)
            << row.what;
    }
}

TEST(WarmDemandTest, NewDurationsCountMoreThanOldOnes) {
    WarmHistory history;
    note_duration(history, 1000ms);
    EXPECT_EQ(history.mean_duration, 1000ms);
    note_duration(history, 5000ms);
    EXPECT_EQ(history.mean_duration, 2000ms);
}

TEST(WarmDemandTest, SharesPlacesAndMemory) {
    const auto old = arrived({0, 1});
    const auto recent = arrived({10, 11, 12});
    const WarmTime now = at(20s);
    const std::vector<WarmKind> kinds{{"old", &old, 2, 100}, {"recent", &recent, 3, 100}};
    using Shares = std::map<std::string, int>;
    const struct {
        const char* what;
        WarmLimits limits;
        Shares shares;
    } rows[] = {
        {"room for all", {kWarmAuto, 10, 1000}, {{"old", 2}, {"recent", 3}}},
        {"places end", {kWarmAuto, 4, 1000}, {{"old", 1}, {"recent", 3}}},
        {"memory ends", {kWarmAuto, 10, 450}, {{"old", 1}, {"recent", 3}}},
        {"no memory", {kWarmAuto, 10, 99}, {}},
        {"a fixed number is that of all", {1, 10, 1000}, {{"recent", 1}}},
        {"not more than places", {7, 2, 1000}, {{"recent", 2}}},
        {"turned off", {0, 10, 1000}, {}},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(share_places(kinds, row.limits, now), row.shares) << row.what;
    }
}

TEST(WarmDemandTest, NoMoreThanTheKnownSlots) {
    const auto history = arrived({0, 1, 2});
    const auto shares = share_places({{"kind", &history, 1, 100}}, {kWarmAuto, 10, 1000}, at(3s));
    EXPECT_EQ(shares.at("kind"), 1);
}

TEST(WarmDemandTest, WaitsWhileEveryPlaceIsTakenForLong) {
    const WarmTime now = at(100s);
    const struct {
        const char* what;
        std::vector<WarmBusy> running;
        int places;
        WarmTime from;
    } rows[] = {
        {"a place is free", {{at(90s), 1h}}, 2, now},
        {"a long job", {{at(100s), 1000s}}, 1, at(850s)},
        {"the first of two", {{at(100s), 1000s}, {at(50s), 200s}}, 2, at(200s)},
        {"nobody knows", {{at(100s), 0s}, {at(50s), 2h}}, 2, now},
        {"a short job", {{at(99s), 3s}}, 1, now},
        {"it should have ended", {{at(0s), 50s}}, 1, now},
    };
    for (const auto& row : rows) {
        EXPECT_EQ((useful_from(row.running, row.places, now) - now) / 1s, (row.from - now) / 1s)
            << row.what;
    }
}

}  // namespace
}  // namespace executors::docker
