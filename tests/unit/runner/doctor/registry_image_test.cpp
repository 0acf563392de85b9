#include "runner/doctor/registry_image.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace runner::doctor {
namespace {

TEST(RegistryImage, NamesItsPartsByDigestAndSize) {
    const RegistryImage image = registry_image("doctor-1");
    const auto manifest = nlohmann::json::parse(image.manifest);
    EXPECT_EQ(manifest["config"]["digest"], digest_of(image.config));
    EXPECT_EQ(manifest["config"]["size"], image.config.size());
    ASSERT_EQ(manifest["layers"].size(), 1U);
    EXPECT_EQ(manifest["layers"][0]["digest"], digest_of(image.layer));
    EXPECT_EQ(manifest["layers"][0]["size"], 1024U);
    EXPECT_EQ(nlohmann::json::parse(image.config)["rootfs"]["diff_ids"][0], digest_of(image.layer));
}

TEST(RegistryImage, IsAnotherOneForAnotherTag) {
    EXPECT_NE(digest_of(registry_image("doctor-1").manifest),
              digest_of(registry_image("doctor-1-host-engine").manifest));
}

}  // namespace
}  // namespace runner::doctor
