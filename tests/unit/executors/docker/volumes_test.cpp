#include "executors/docker/volumes.hpp"

#include <gtest/gtest.h>

namespace {

using executors::JobEnvironment;
using executors::docker::DockerSettings;
using executors::docker::plan_volumes;
using executors::docker::VolumePlan;
using Words = std::vector<std::string>;

const std::string kPrefix = "runner-a56145270ce6b3bebd1dd012b7394867";
// md5 of the destination, as the tools of coreutils say.
const std::string kCacheHash = "3c3f060a0374fc8bc39395164f415a70";

JobEnvironment job() {
    JobEnvironment job;
    job.project_dir = "/builds/g/p";
    job.volume_prefix = kPrefix;
    return job;
}

DockerSettings with(Words volumes) {
    DockerSettings settings;
    settings.volumes = std::move(volumes);
    return settings;
}

VolumePlan planned(const JobEnvironment& job, const DockerSettings& settings) {
    auto plan = plan_volumes(job, settings, "base-42");
    EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error().message);
    return plan ? *plan : VolumePlan();
}

TEST(Volumes, APathBecomesANamedVolumeThatIsReused) {
    const VolumePlan plan = planned(job(), with({"/cache"}));
    const std::string name = kPrefix + "-cache-" + kCacheHash;
    ASSERT_EQ(plan.managed.size(), 1U);
    EXPECT_EQ(plan.managed[0].name, name);
    EXPECT_EQ(plan.managed[0].destination, "/cache");
    EXPECT_TRUE(plan.managed[0].reusable);
    EXPECT_EQ(plan.binds, Words{name + ":/cache"});
    EXPECT_EQ(plan.writable, Words{"/cache"});
}

TEST(Volumes, ProtectedRefsHaveVolumesOfTheirOwn) {
    JobEnvironment protected_job = job();
    protected_job.protected_ref = true;
    const auto open = planned(job(), with({"/cache"}));
    const auto closed = planned(protected_job, with({"/cache"}));
    EXPECT_EQ(closed.managed.at(0).name, open.managed.at(0).name + "-protected");
    DockerSettings on_host = with({"/cache"});
    on_host.cache_dir = "/srv/cache";
    EXPECT_EQ(planned(protected_job, on_host).binds,
              Words{"/srv/cache/" + kPrefix + "/" + kCacheHash + "-protected:/cache"});
}

TEST(Volumes, AnotherPrefixMeansOtherVolumes) {
    JobEnvironment other = job();
    other.volume_prefix = "runner-2";
    EXPECT_NE(planned(other, with({"/cache"})).managed.at(0).name,
              planned(job(), with({"/cache"})).managed.at(0).name);
}

TEST(Volumes, CacheDirIsABindOnTheEnginesMachine) {
    DockerSettings settings = with({"/cache"});
    settings.cache_dir = "/srv/cache";
    const VolumePlan plan = planned(job(), settings);
    EXPECT_TRUE(plan.managed.empty());
    EXPECT_EQ(plan.binds, Words{"/srv/cache/" + kPrefix + "/" + kCacheHash + ":/cache"});
}

TEST(Volumes, DisabledCacheMakesVolumesTemporary) {
    for (const std::string cache_dir : {"", "/srv/cache"}) {
        DockerSettings settings = with({"/cache"});
        settings.disable_cache = true;
        settings.cache_dir = cache_dir;
        const VolumePlan plan = planned(job(), settings);
        ASSERT_EQ(plan.managed.size(), 1U) << cache_dir;
        EXPECT_EQ(plan.managed[0].name, "base-42-cache-" + kCacheHash);
        EXPECT_FALSE(plan.managed[0].reusable);
    }
}

TEST(Volumes, BindsAndNamedVolumesAreTakenAsTheyAre) {
    const Words volumes{"/host/a:/a", "/host/b:/b:ro", "named:/c", "/host/d:rel/./x",
                        "/host/e:/e/../f/:rw,z"};
    const VolumePlan plan = planned(job(), with(volumes));
    EXPECT_EQ(plan.binds, (Words{"/host/a:/a", "/host/b:/b:ro", "named:/c",
                                 "/host/d:/builds/g/p/rel/x", "/host/e:/f:rw,z"}));
    EXPECT_TRUE(plan.managed.empty());
    EXPECT_TRUE(plan.writable.empty());
}

TEST(Volumes, DestinationsHaveTheValuesOfVariables) {
    JobEnvironment expanded = job();
    expanded.volume_destinations = {{"/a/$X", "/a/x"}, {"$X/cache", "x/cache"}};
    EXPECT_EQ(planned(expanded, with({"/host/$X:/a/$X:ro"})).binds, Words{"/host/$X:/a/x:ro"});
    EXPECT_EQ(planned(expanded, with({"$X/cache"})).managed.at(0).destination,
              "/builds/g/p/x/cache");
}

TEST(Volumes, AValueThatWouldBeAnOptionIsRefused) {
    JobEnvironment expanded = job();
    for (const std::string value : {"/a:rw", "", "/"}) {
        expanded.volume_destinations = {{"$X", value}};
        for (const std::string entry : {"$X", "/host:$X:ro"}) {
            const auto plan = plan_volumes(expanded, with({entry}), "base");
            ASSERT_FALSE(plan.has_value()) << value;
            EXPECT_TRUE(plan.error().is(base::ErrorKind::kConfiguration));
        }
    }
}

TEST(Volumes, ARelativePathIsBelowTheProject) {
    EXPECT_EQ(planned(job(), with({"vendor/"})).managed.at(0).destination, "/builds/g/p/vendor");
}

TEST(Volumes, TheBuildsDirectoryFollowsTheGitStrategy) {
    JobEnvironment fetch = job();
    fetch.builds_dir = "/builds";
    const VolumePlan kept = planned(fetch, DockerSettings());
    ASSERT_EQ(kept.managed.size(), 1U);
    EXPECT_EQ(kept.managed[0].destination, "/builds");
    EXPECT_TRUE(kept.managed[0].reusable);

    JobEnvironment clone = fetch;
    clone.keep_builds_volume = false;
    const VolumePlan fresh = planned(clone, DockerSettings());
    ASSERT_EQ(fresh.managed.size(), 1U);
    EXPECT_FALSE(fresh.managed[0].reusable);
    EXPECT_EQ(fresh.managed[0].name.substr(0, 14), "base-42-cache-");

    // A volume of the configuration at that place is used instead.
    EXPECT_EQ(planned(fetch, with({"/srv/builds:/builds"})).binds, Words{"/srv/builds:/builds"});
    EXPECT_EQ(planned(clone, with({"/builds/"})).managed.size(), 1U);
}

TEST(Volumes, RefusesInvalidEntries) {
    const std::vector<Words> cases{{""},           {"/"},          {"/x/.."},         {":/b"},
                                   {"/a:"},        {"/a:/"},       {"a:/b:ro:z"},     {"/c", "/c/"},
                                   {"/c", "x:/c"}, {"x:/c", "/c"}, {"x:/c", "y:/c/."}};
    for (const auto& volumes : cases) {
        const auto plan = plan_volumes(job(), with(volumes), "base");
        ASSERT_FALSE(plan.has_value()) << testing::PrintToString(volumes);
        EXPECT_TRUE(plan.error().is(base::ErrorKind::kConfiguration));
        EXPECT_NE(plan.error().message.find("\"" + volumes.back() + "\""), std::string::npos);
    }
    JobEnvironment rooted = job();
    rooted.builds_dir = "/";
    EXPECT_FALSE(plan_volumes(rooted, DockerSettings(), "base").has_value());
}

}  // namespace
