#include "runner/script/feature_flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/script/script_job.hpp"

namespace {

using runner::script::FeatureFlags;
using testing::Contains;
using testing::HasSubstr;
using tests::ScriptJob;

TEST(FeatureFlags, OfTheConfigurationWin) {
    ScriptJob job;
    job.runner.environment = {"FF_SCRIPT_SECTIONS=true", "FF_NETWORK_PER_BUILD=true"};
    job.runner.feature_flags = {{"FF_TIMESTAMPS", false}};
    job.set("FF_TIMESTAMPS", "true");
    job.set("FF_NETWORK_PER_BUILD", "false");
    job.set("FF_USE_FASTZIP", "perhaps");
    const FeatureFlags flags(job.payload, job.runner);
    EXPECT_FALSE(flags.enabled("FF_TIMESTAMPS"));
    EXPECT_TRUE(flags.enabled("FF_SCRIPT_SECTIONS"));
    EXPECT_FALSE(flags.enabled("FF_NETWORK_PER_BUILD"));
    EXPECT_TRUE(flags.enabled("FF_USE_FASTZIP"));
    EXPECT_FALSE(flags.enabled("FF_UNHEARD_OF"));
    EXPECT_THAT(flags.warnings(),
                Contains(HasSubstr("FF_USE_FASTZIP: expected bool got \"perhaps\"")));
    EXPECT_EQ(flags.changed(), "FF_SCRIPT_SECTIONS:true, FF_TIMESTAMPS:false");
    EXPECT_EQ(job.variables().get("FF_TIMESTAMPS"), "false");
}

TEST(FeatureFlags, OfAJobThatDoNothingAreNamed) {
    ScriptJob job;
    job.set("FF_USE_JOB_ROUTER", "true");
    job.set("FF_CONCRETE", "false");
    job.set("FF_NETWORK_PER_BUILD", "true");
    const FeatureFlags flags(job.payload, job.runner);
    EXPECT_THAT(flags.warnings(),
                testing::ElementsAre("FF_USE_JOB_ROUTER has no effect: GitLab is asked directly"));
    EXPECT_EQ(flags.changed(), "FF_NETWORK_PER_BUILD:true");
    EXPECT_TRUE(flags.enabled("FF_USE_JOB_ROUTER")) << "scripts see what was asked for";
}

}  // namespace
