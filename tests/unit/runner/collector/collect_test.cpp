#include "runner/collector/collect.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>

#include "base/log.hpp"
#include "runner/collector/report.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/run_to_end.hpp"

namespace runner::collector {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::IsEmpty;

/// Marks of a disk of 1000 bytes: it collects below 100 until 200.
class CollectTest : public testing::Test {
  protected:
    CollectTest() {
        config::DiskSettings settings;
        settings.collect_below = "10%";
        settings.collect_until = "20%";
        marks_ = marks_of(settings);
    }
    PlaceReport collect(Wish wish = {}) {
        return tests::run_to_end(
            context_,
            collector::collect(store_, marks_, wish, [this](const Item& item, std::uint64_t bytes) {
                counted_.push_back(item.name + " " + std::to_string(bytes));
            }));
    }
    static std::vector<std::string> rows(const PlaceReport& report) {
        std::vector<std::string> all;
        for (const Row& row : report.rows) {
            all.push_back(row.item.name + ": " + std::string(to_string(row.action)) + ", " +
                          row.reason);
        }
        return all;
    }

    boost::asio::io_context context_{1};
    tests::FakeStore store_;
    Marks marks_;
    std::vector<std::string> counted_;
};

TEST_F(CollectTest, RemovesTheLongestUnusedUntilEnoughIsFree) {
    store_.disk.free_bytes = 90;
    store_.add("c", 3, 70);
    store_.add("a", 1, 60);
    store_.add("b", 2, 60);
    const auto report = collect();
    EXPECT_THAT(rows(report),
                ElementsAre("a: removed, unused for the longest time",
                            "b: removed, unused for the longest time", "c: keep, enough is free"));
    EXPECT_EQ(report.removed, 2U);
    EXPECT_EQ(report.disk.free_bytes, 210U);
    EXPECT_THAT(counted_, ElementsAre("a 60", "b 60"));
    EXPECT_EQ(store_.sizes_asked, 0) << "sizes are for people: the disk says when it is enough";
}

TEST_F(CollectTest, DoesNothingAboveTheMark) {
    store_.disk.free_bytes = 100;
    store_.add("a", 1, 60);
    EXPECT_THAT(rows(collect()), ElementsAre("a: keep, enough is free"));
    EXPECT_THAT(rows(collect({.by_hand = true})),
                ElementsAre("a: removed, unused for the longest time"))
        << "by hand up to the other mark";
}

TEST_F(CollectTest, RemovesEverythingThatMayGoWhenAsked) {
    store_.disk.free_bytes = 1000;
    store_.add("a", 1, 60);
    store_.add("b", 2, 60).kept = "a running job uses it";
    EXPECT_THAT(
        rows(collect({.all = true, .by_hand = true})),
        ElementsAre("a: removed, unused for the longest time", "b: keep, a running job uses it"));
}

TEST_F(CollectTest, SaysWhatItWouldDo) {
    store_.disk.free_bytes = 90;
    store_.add("a", 1, 60);
    store_.add("b", 2, 60);
    store_.add("c", 3, 60);
    EXPECT_THAT(rows(collect({.dry_run = true, .by_hand = true})),
                ElementsAre("a: remove, unused for the longest time",
                            "b: remove, unused for the longest time", "c: keep, enough is free"));
    EXPECT_THAT(store_.removed, IsEmpty());
    EXPECT_EQ(store_.sizes_asked, 1);
}

TEST_F(CollectTest, GoesOnWithoutNoiseWhenSomethingIsUsedByThen) {
    store_.disk.free_bytes = 90;
    store_.add("a", 1, 60);
    store_.add("b", 2, 120);
    store_.failures["a"] = base::make_error(ErrorKind::kConflict, "volume is in use");
    const auto before = base::log::count(base::log::Level::kWarning);
    const auto report = collect();
    EXPECT_THAT(rows(report), ElementsAre("a: keep, volume is in use",
                                          "b: removed, unused for the longest time"));
    EXPECT_EQ(report.problem, "");
    EXPECT_EQ(base::log::count(base::log::Level::kWarning), before);
}

TEST_F(CollectTest, ToleratesAThingThatDisappears) {
    store_.disk.free_bytes = 90;
    store_.add("a", 1, 0);
    store_.add("b", 2, 120);
    store_.on_remove = [this](const std::string& name) {
        if (name == "a") store_.items.clear();
    };
    EXPECT_EQ(collect().removed, 2U) << "what is gone is removed";
}

TEST_F(CollectTest, EndsWhenThePlaceDoesNotAnswerAnyMore) {
    store_.disk.free_bytes = 90;
    store_.add("a", 1, 60);
    store_.add("b", 2, 60);
    store_.failures["a"] = base::make_error(ErrorKind::kUnavailable, "no engine");
    const auto report = collect();
    EXPECT_EQ(report.problem, "no engine");
    EXPECT_THAT(rows(report), ElementsAre("a: failed, no engine", "b: keep, enough is free"));
    EXPECT_THAT(store_.removed, IsEmpty());
}

TEST_F(CollectTest, GoesOnAfterAFailureOfOneThing) {
    store_.disk.free_bytes = 90;
    store_.add("a", 1, 60);
    store_.add("b", 2, 120);
    store_.failures["a"] = base::make_error(ErrorKind::kInternal, "a damaged volume");
    EXPECT_THAT(rows(collect()), ElementsAre("a: failed, a damaged volume",
                                             "b: removed, unused for the longest time"));
}

TEST_F(CollectTest, RemovesNothingFromADiskThatCannotBeMeasured) {
    store_.measure_failure = base::make_error(ErrorKind::kUnavailable, "elsewhere");
    store_.add("a", 1, 60);
    const auto report = collect({.by_hand = true});
    EXPECT_EQ(report.problem, "elsewhere");
    EXPECT_THAT(rows(report), ElementsAre("a: keep, the free space is not known"));
    EXPECT_EQ(collect({.all = true, .by_hand = true}).removed, 1U);
}

TEST_F(CollectTest, SaysWhenThePlaceCannotBeListed) {
    store_.list_failure = base::make_error(ErrorKind::kUnavailable, "no engine");
    const auto report = collect();
    EXPECT_EQ(report.problem, "no engine");
    EXPECT_TRUE(report.failed);
    EXPECT_THAT(report.rows, IsEmpty());
}

TEST_F(CollectTest, GoesOnForInodes) {
    store_.disk.free_bytes = 1000;
    store_.disk.inodes = 1000;
    store_.disk.free_inodes = 90;
    store_.inodes_of_each = 30;
    for (int i = 0; i < 4; ++i) store_.add(std::to_string(i), i + 1, 1);
    EXPECT_EQ(collect().removed, 2U) << "10 % are the begin and 15 % the end";
}

TEST_F(CollectTest, IsAnswerForPrograms) {
    store_.disk.free_bytes = 90;
    store_.add("a", 1'000'000, 60);
    store_.items.back().bytes.reset();
    const Wish wish{.dry_run = true, .by_hand = true};
    const auto answer = report_json({collect(wish)}, wish);
    EXPECT_TRUE(answer["dry_run"]);
    const auto& place = answer["places"][0];
    EXPECT_EQ(place["place"], "the test's store");
    EXPECT_EQ(place["free_bytes"], 90);
    const auto& row = place["items"][0];
    EXPECT_EQ(row["action"], "remove");
    EXPECT_TRUE(row["bytes"].is_null());
    EXPECT_EQ(row["last_used"], "1970-01-01T00:00:01Z");
}

}  // namespace
}  // namespace runner::collector
