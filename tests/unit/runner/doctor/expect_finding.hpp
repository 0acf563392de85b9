#pragma once

#include <gtest/gtest.h>

#include "runner/doctor/finding.hpp"

namespace runner::doctor {

/// Compares the whole line.
inline void expect_finding(const Finding& finding, const Finding& wanted) {
    EXPECT_EQ(to_string(finding.state), to_string(wanted.state)) << finding.seen;
    EXPECT_EQ(finding.seen, wanted.seen);
    EXPECT_EQ(finding.remedy, wanted.remedy);
}

}  // namespace runner::doctor
