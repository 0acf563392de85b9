#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace {

using base::parse_rfc3339;
using base::rfc3339_utc;

TEST(Clock, ReadsWhatItWrites) {
    for (const std::int64_t seconds : {0L, 1'700'000'000L, 4'102'444'800L, -62'135'596'800L}) {
        EXPECT_EQ(parse_rfc3339(rfc3339_utc(seconds)), seconds);
    }
}

TEST(Clock, ReadsFractionsAndOffsets) {
    const auto noon = parse_rfc3339("2026-01-31T12:00:00Z");
    EXPECT_EQ(parse_rfc3339("2026-01-31T12:00:00.123456Z"), noon);
    EXPECT_EQ(parse_rfc3339("2026-01-31 14:30:00+02:30"), noon);
    EXPECT_EQ(parse_rfc3339("2026-01-31t07:00:00-05:00"), noon);
}

TEST(Clock, RefusesOtherTexts) {
    for (const auto* text :
         {"", "never", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00X",
          "2026-01-31T12:00:00+2:00", "2026-01-31T12:00:00.", "2026-01-31T12:00:00+02:0x"}) {
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
    }
}

}  // namespace
