#include "base/duration.hpp"

#include <gtest/gtest.h>

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(GoDuration, ParsesNumbersWithUnits) {
    EXPECT_EQ(base::parse_go_duration("90s").value(), seconds(90));
    EXPECT_EQ(base::parse_go_duration("1h30m").value(), minutes(90));
    EXPECT_EQ(base::parse_go_duration("15m0s").value(), minutes(15));
    EXPECT_EQ(base::parse_go_duration("1.5h").value(), minutes(90));
    EXPECT_EQ(base::parse_go_duration("300ms").value(), milliseconds(300));
    EXPECT_EQ(base::parse_go_duration("-2s").value(), seconds(-2));
    EXPECT_EQ(base::parse_go_duration("0").value(), seconds(0));
}

TEST(GoDuration, RefusesWhatGoRefuses) {
    for (const char* text : {"", "5", "s", "1x", "1h 2m", "abc", "1.2.3s", "-"}) {
        const auto parsed = base::parse_go_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().message.find(text), std::string::npos);
    }
}

TEST(GoDuration, FormatsAsGoDoes) {
    EXPECT_EQ(base::format_go_duration(seconds(0)), "0s");
    EXPECT_EQ(base::format_go_duration(seconds(4)), "4s");
    EXPECT_EQ(base::format_go_duration(hours(1)), "1h0m0s");
    EXPECT_EQ(base::format_go_duration(seconds(90)), "1m30s");
    EXPECT_EQ(base::format_go_duration(milliseconds(1500)), "1.5s");
    EXPECT_EQ(base::format_go_duration(milliseconds(20)), "20ms");
    EXPECT_EQ(base::format_go_duration(nanoseconds(-7)), "-7ns");
}

}  // namespace
