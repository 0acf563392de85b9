#include "executors/helper/platforms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace executors::helper {
namespace {

const Architecture& named(std::string_view qemu) {
    const auto& all = known_architectures();
    return *std::find_if(all.begin(), all.end(), [&](const Architecture& architecture) {
        return architecture.qemu == qemu;
    });
}

TEST(Platforms, RegistersHeaderMaskAndInterpreter) {
    EXPECT_EQ(registration(named("aarch64"), "/usr/bin/qemu-aarch64-static", true),
              ":qemu-aarch64:M::"
              "\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x0"
              "2\\x00\\xb7\\x00:"
              "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xf"
              "e\\xff\\xff\\xff:"
              "/usr/bin/qemu-aarch64-static:POCF");
}

TEST(Platforms, WritesBigEndianHeaders) {
    const std::string line = registration(named("s390x"), "/q", false);
    EXPECT_NE(line.find("\\x02\\x02\\x01"), std::string::npos) << line;
    EXPECT_NE(line.find("\\x00\\x02\\x00\\x16:"), std::string::npos) << line;
    EXPECT_NE(line.find("\\xff\\xfe\\xff\\xff:/q:OCF"), std::string::npos) << line;
}

constexpr char kArm64Entry[] =
    "enabled\ninterpreter /usr/bin/other-emulator\nflags: OCF\noffset 0\n"
    "magic 7f454c460201010000000000000000000200b700\nmask "
    "ffffffffffffff00fffffffffffffffffeffffff\n";

TEST(Platforms, FindsAnEntryByItsArchitectureNotByItsName) {
    EXPECT_TRUE(entry_serves(kArm64Entry, named("aarch64")));
    EXPECT_FALSE(entry_serves(kArm64Entry, named("x86_64")));
    EXPECT_FALSE(entry_serves(kArm64Entry, named("arm")));
}

TEST(Platforms, IgnoresDisabledAndOtherEntries) {
    EXPECT_FALSE(entry_serves("disabled\n" + std::string(kArm64Entry).substr(8), named("aarch64")));
    EXPECT_FALSE(
        entry_serves("enabled\ninterpreter /usr/bin/python3\nextension .pyc\n", named("aarch64")));
    EXPECT_FALSE(entry_serves("", named("aarch64")));
    EXPECT_FALSE(entry_serves("enabled\nmagic 7f45", named("aarch64")));
}

}  // namespace
}  // namespace executors::helper
