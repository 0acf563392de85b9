#include "executors/helper/preload.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

class Marks : public testing::Test {
  protected:
    void mark(const std::string& name, const std::string& text = "") {
        std::ofstream(folder_.path() / name) << text;
    }
    [[nodiscard]] std::string path() const { return folder_.path().string(); }

    tests::TempDir folder_;
};

TEST_F(Marks, DoesNotWaitWhenNoCopyIsPending) {
    EXPECT_TRUE(wait_for_images(true, path()));
    EXPECT_TRUE(wait_for_images(true, path() + "/missing"));
}

TEST_F(Marks, WaitsForTheBuildersCopyOnlyWhenItIsAskedTo) {
    mark("pending-builder");
    EXPECT_TRUE(wait_for_images(false, path()));
}

TEST_F(Marks, WaitsUntilTheLastCopyHasEnded) {
    mark("pending-image-0");
    std::thread copier([&] { std::filesystem::remove(folder_.path() / "pending-image-0"); });
    EXPECT_TRUE(wait_for_images(false, path()));
    copier.join();
}

TEST_F(Marks, ReportsAFailedCopy) {
    mark("failed-image-0", "the image x could not be copied\n");
    testing::internal::CaptureStderr();
    EXPECT_FALSE(wait_for_images(false, path()));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "the image x could not be copied\n");
}

TEST_F(Marks, ReportsAFailedCopyOfTheBuilderOnlyWhenItIsAskedTo) {
    mark("failed-builder", "no\n");
    EXPECT_TRUE(wait_for_images(false, path()));
    testing::internal::CaptureStderr();
    EXPECT_FALSE(wait_for_images(true, path()));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "no\n");
}

}  // namespace
}  // namespace executors::helper
