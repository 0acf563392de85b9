#include "executors/helper/tiny_program.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include "executors/helper/platforms.hpp"

namespace executors::helper {
namespace {

TEST(TinyProgram, ExistsForEveryPlatformWithItsHeader) {
    for (const auto& architecture : known_architectures()) {
        const std::string program = tiny_program(architecture.platform);
        ASSERT_GT(program.size(), 84U) << architecture.platform;
        EXPECT_EQ(program.substr(0, 4), ELFMAG);
        const bool little = architecture.byte_order == ELFDATA2LSB;
        const auto low = static_cast<unsigned char>(program[little ? 18 : 19]);
        const auto high = static_cast<unsigned char>(program[little ? 19 : 18]);
        EXPECT_EQ(low | high << 8U, architecture.machine) << architecture.platform;
    }
}

TEST(TinyProgram, RunsOnThisMachine) { EXPECT_TRUE(runs_platform(available_platforms().front())); }

TEST(TinyProgram, DoesNotExistForUnknownPlatforms) {
    EXPECT_EQ(tiny_program("linux/pdp11"), "");
    EXPECT_FALSE(runs_platform("linux/pdp11"));
}

}  // namespace
}  // namespace executors::helper
