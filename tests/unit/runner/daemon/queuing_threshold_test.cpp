#include "runner/daemon/queuing_threshold.hpp"

#include <gtest/gtest.h>

namespace runner::daemon {
namespace {

using config::QueuingDuration;
using namespace std::chrono_literals;

constexpr std::int64_t kMondayNoon = 1'705'320'000;  // 2024-01-15T12:00:00Z

TEST(QueuingThreshold, TheLastEntryThatCountsNowDecides) {
    const QueuingDuration always{{"* * * * *"}, "", 60s, ""};
    const QueuingDuration work{{"* 9-17 * * Mon-Fri"}, "", 10s, ""};
    const QueuingDuration night{{"* 0-5 * * *", "* 22-23 * * *"}, "", 1s, ""};
    const QueuingDuration tokyo{{"* 21 * * *"}, "Asia/Tokyo", 5s, ""};
    struct Case {
        std::vector<QueuingDuration> entries;
        double waited;
        bool exceeded;
    };
    for (const auto& [entries, waited, exceeded] :
         std::vector<Case>{{{}, 1e6, false},
                           {{always}, 60, false},
                           {{always}, 60.5, true},
                           {{always, work}, 20, true},
                           {{work, always}, 20, false},
                           {{night}, 100, false},
                           {{always, night}, 20, false},
                           {{always, tokyo}, 6, true},
                           {{{{"* * * * *"}, "", 0s, ""}}, 100, false}}) {
        EXPECT_EQ(queuing_exceeded(entries, waited, "0", kMondayNoon), exceeded)
            << entries.size() << " entries, waited " << waited;
    }
}

TEST(QueuingThreshold, CountsOnlyProjectsWithTheNumberOfJobsThatIsAskedFor) {
    struct Case {
        std::string pattern;
        std::string running;
        bool exceeded;
    };
    for (const auto& [pattern, running, exceeded] : std::vector<Case>{{"", "3", true},
                                                                      {".*", "", true},
                                                                      {"^0$", "0", true},
                                                                      {"^0$", "10", false},
                                                                      {R"(Inf\+)", "Inf+", true}}) {
        const QueuingDuration entry{{"* * * * *"}, "", 1s, pattern};
        EXPECT_EQ(queuing_exceeded({entry}, 2, running, kMondayNoon), exceeded)
            << pattern << " " << running;
    }
}

}  // namespace
}  // namespace runner::daemon
