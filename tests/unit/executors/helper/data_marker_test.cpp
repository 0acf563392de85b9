#include "executors/helper/data_marker.hpp"

#include <gtest/gtest.h>

namespace executors::helper {
namespace {

TEST(DataMarkerTest, SaysWhyAnEngineCannotUseTheData) {
    const EngineStamp engine{"100-1", "Docker version 26", "storage-driver=vfs\n"};
    const DataMarker clean{DataState::kClean, 1, "boot1", engine};
    EXPECT_EQ(why_not_again(clean, engine, "boot2"), "");
    EXPECT_EQ(why_not_again({DataState::kReady, 1, "boot1", engine}, engine, "boot1"), "");
    EXPECT_EQ(why_not_again({DataState::kReady, 1, "boot1", engine}, engine, "boot2"),
              "the machine stopped while a job used the kept data");
    EngineStamp newer = engine;
    newer.version = "Docker version 27\x1b[31m";
    EXPECT_EQ(why_not_again(clean, newer, "boot1"),
              "the engine has changed from \"Docker version 26\" to \"Docker version 27?[31m\"");
    EngineStamp other = engine;
    other.store = "";
    EXPECT_EQ(why_not_again(clean, other, "boot1"), "the settings of the engine's storage changed");
}

TEST(DataMarkerTest, IsReadAsItWasWritten) {
    const DataMarker marker{DataState::kDamaged, 1, "boot", {"program", "version", "store"}};
    const auto read = parse_marker(dump_marker(marker));
    ASSERT_TRUE(read);
    EXPECT_EQ(dump_marker(*read), dump_marker(marker));
    for (const char* wrong : {"", "[]", "{}", R"({"format":2,"state":"ready"})",
                              R"({"format":1,"state":"fine"})", R"({"format":1,"state":7})"}) {
        EXPECT_FALSE(parse_marker(wrong)) << wrong;
    }
}

TEST(StorageSettings, AreThoseOfTheFileTheArgumentsAndTheEnvironment) {
    const std::string file =
        R"({"storage-driver":"vfs","features":{"containerd-snapshotter":true},"mtu":1400})";
    EXPECT_EQ(storage_settings(file, {"dockerd"}, ""),
              "storage-driver=vfs\ncontainerd-snapshotter=true\n");
    EXPECT_EQ(storage_settings(file, {"dockerd", "--storage-driver=overlay2"}, ""),
              "storage-driver=overlay2\ncontainerd-snapshotter=true\n");
    EXPECT_EQ(storage_settings("no json", {"dockerd", "-s", "overlay2", "--mtu=1"}, "vfs"),
              "storage-driver=overlay2\nDOCKER_DRIVER=vfs\n");
    EXPECT_EQ(setting_elsewhere(storage_settings("", {"-g", "/data"}, "")), "data-root");
    EXPECT_EQ(setting_elsewhere(storage_settings("", {"--data-root=/var/lib/docker"}, "")), "");
    EXPECT_EQ(setting_elsewhere(storage_settings(R"({"userns-remap":"default"})", {}, "")),
              "userns-remap");
}

}  // namespace
}  // namespace executors::helper
