#include "base/cron.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/local_time.hpp"

namespace {

using base::CronExpression;

/// 2024-02-29 was a Thursday.
std::tm at(int day, int hour, int minute, int second = 0) {
    std::tm time{};
    time.tm_year = 124;
    time.tm_mon = 1;
    time.tm_mday = day;
    time.tm_hour = hour;
    time.tm_min = minute;
    time.tm_sec = second;
    time.tm_wday = (day + 3) % 7;
    return time;
}

TEST(Cron, MatchesMoments) {
    struct Case {
        std::string expression;
        std::tm time;
        bool matches;
    };
    for (const auto& [expression, time, matches] :
         std::vector<Case>{{"* * * * *", at(29, 12, 30), true},
                           {"* * * * *", at(29, 12, 30, 17), true},
                           {"30 12 * * *", at(29, 12, 30), true},
                           {"30 12 * * *", at(29, 12, 31), false},
                           {"* 9-17 * * Mon-Fri", at(29, 17, 59), true},
                           {"* 9-17 * * Mon-Fri", at(29, 18, 0), false},
                           {"* 9-17 * * mon-fri", at(25, 12, 0), false},
                           {"* * * * 0", at(25, 12, 0), true},
                           {"* * * * 7", at(25, 12, 0), true},
                           {"*/15 * * * *", at(1, 0, 45), true},
                           {"*/15 * * * *", at(1, 0, 50), false},
                           {"10/20 * * * *", at(1, 0, 50), true},
                           {"0,5,10-12 * * * *", at(1, 0, 11), true},
                           {"0,5,10-12 * * * *", at(1, 0, 13), false},
                           {"* * 1 * Thu", at(1, 0, 0), true},
                           {"* * 1 * Sun", at(29, 0, 0), false},
                           {"* * 1 * Thu", at(29, 0, 0), true},
                           {"* * 1 ? *", at(29, 0, 0), false},
                           {"* * * feb * 2024", at(29, 0, 0), true},
                           {"* * * 2 * 2025", at(29, 0, 0), false},
                           {"* * 10-18 * * Mon-Fri *", at(29, 10, 0, 59), true},
                           {"0 * * * * * *", at(29, 10, 0, 1), false},
                           {"  *   *  * * *  ", at(29, 10, 0, 1), true}}) {
        const auto cron = CronExpression::parse(expression);
        ASSERT_TRUE(cron) << expression << ": " << cron.error().message;
        EXPECT_EQ(cron->matches(time), matches) << expression;
    }
}

TEST(Cron, NamesTheFieldThatIsWrong) {
    for (const auto& [expression, field] : std::vector<std::pair<std::string, std::string>>{
             {"", "fields"},
             {"* * * *", "4 fields"},
             {"* * * * * * * *", "8 fields"},
             {"60 * * * *", "minute"},
             {"* 24 * * *", "hour"},
             {"* * 0 * *", "day of month"},
             {"* * L * *", "day of month"},
             {"* * * 13 *", "month"},
             {"* * * * Mo", "day of week"},
             {"* * * * 5#2", "day of week"},
             {"* * * * * 1800", "year"},
             {"*/0 * * * *", "minute"},
             {"5-1 * * * *", "minute"},
             {"1,,2 * * * *", "minute"},
             {"-1 * * * *", "minute"},
             {"1- * * * *", "minute"},
             {"99999999999999999999 * * * *", "minute"}}) {
        const auto cron = CronExpression::parse(expression);
        ASSERT_FALSE(cron) << expression;
        EXPECT_NE(cron.error().message.find(field), std::string::npos) << cron.error().message;
    }
}

TEST(LocalTime, KnowsZonesAndTheirSummer) {
    struct Case {
        std::string zone;
        std::int64_t unix_seconds;
        int hour;
    };
    for (const auto& [zone, unix_seconds, hour] :
         std::vector<Case>{{"", 1'705'320'000, 12},
                           {"UTC", 1'705'320'000, 12},
                           {"Europe/Berlin", 1'705'320'000, 13},
                           {"Europe/Berlin", 1'721'044'800, 14},
                           {"Asia/Kolkata", 1'705'320'000, 17}}) {
        const auto time = base::local_time(zone, unix_seconds);
        ASSERT_TRUE(time) << zone;
        EXPECT_EQ(time->tm_hour, hour) << zone << unix_seconds;
    }
    EXPECT_TRUE(base::local_time("Local", 0));
    const auto unknown = base::local_time("Mars/Olympus", 0);
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().is(base::ErrorKind::kNotFound));
}

}  // namespace
