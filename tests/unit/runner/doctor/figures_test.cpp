#include "runner/doctor/figures.hpp"

#include <gmock/gmock.h>

namespace runner::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Figures, ReadsALineOfABuild) {
    Measurements measured;
    add_measurement(
        R"(#7 0.123 runner-probe {"probe":"connect","place":"builder","host":"git","port":"80",)"
        R"("addresses":["10.0.0.1"],"address":"10.0.0.1","device":"eth0","packet":1500,"passes":1400})",
        "builder", measured);
    ASSERT_THAT(measured.paths, SizeIs(1));
    EXPECT_EQ(measured.paths[0].host, "git");
    EXPECT_THAT(measured.paths[0].addresses, ElementsAre("10.0.0.1"));
    EXPECT_EQ(measured.paths[0].packet, 1500);
    EXPECT_EQ(measured.paths[0].passes, 1400);
}

TEST(Figures, IgnoresOtherPlacesAndOtherLines) {
    Measurements measured;
    for (const char* line :
         {R"(runner-probe {"probe":"rights","place":"job","administrator":true})", "runner-probe {",
          "runner-probe []", "hello", R"(runner-probe {"probe":7,"place":"builder"})"})
        add_measurement(line, "builder", measured);
    EXPECT_THAT(measured.rights, IsEmpty());
}

TEST(Figures, ReadsEveryProbe) {
    Measurements measured;
    for (
        const char* line :
        {R"(runner-probe {"probe":"rights","place":"job","administrator":true})",
         R"(runner-probe {"probe":"cgroups","place":"job","version":2,"writable":true,)"
         R"("controllers":["cpu","memory"]})",
         R"(runner-probe {"probe":"platforms","place":"job","platforms":)"
         R"([{"name":"linux/amd64","runs":true}]})",
         R"(runner-probe {"probe":"disk","place":"job","disks":[{"path":"/b","total_bytes":9,)"
         R"("free_bytes":8,"total_inodes":7,"free_inodes":6}]})",
         R"(runner-probe {"probe":"command","place":"job","name":"x","exit_code":3,"output":"no"})"})
        add_measurement(line, "job", measured);
    EXPECT_TRUE(measured.rights.at(0).administrator);
    EXPECT_EQ(measured.cgroups.at(0).version, 2);
    EXPECT_THAT(measured.cgroups.at(0).controllers, ElementsAre("cpu", "memory"));
    EXPECT_EQ(measured.platforms.at(0).name, "linux/amd64");
    EXPECT_EQ(measured.disks.at(0).free_inodes, 6U);
    ASSERT_NE(measured.command("x"), nullptr);
    EXPECT_EQ(measured.command("x")->exit_code, 3);
    EXPECT_EQ(measured.command("y"), nullptr);
}

TEST(Figures, TakesTheLastLineWithText) {
    EXPECT_EQ(last_line("one\ntwo \n\n"), "two");
    EXPECT_EQ(last_line(""), "");
}

}  // namespace
}  // namespace runner::doctor
