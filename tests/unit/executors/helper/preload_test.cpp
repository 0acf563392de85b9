#include "executors/helper/preload.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "executors/helper/docker_front.hpp"
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

TEST_F(Marks, TellWhichCopiesArePending) {
    EXPECT_TRUE(pending_images(path()).empty());
    EXPECT_TRUE(pending_images(path() + "/missing").empty());
    mark("pending-builder", "moby/buildkit:buildx-stable-1\n");
    mark("failed-image-0", "no\n");
    const auto pending = pending_images(path());
    ASSERT_EQ(pending.size(), 1U);
    EXPECT_EQ(pending[0].mark, "builder");
    EXPECT_EQ(pending[0].name, "moby/buildkit:buildx-stable-1");
}

TEST_F(Marks, OnlyTheNeededCopiesAreWaitedFor) {
    mark("pending-image-0");
    wait_for_images({}, path());
    wait_for_images({{"image-1", "other"}}, path());
    EXPECT_EQ(pending_images(path()).size(), 1U)
        << "both calls have returned before the copy ended";
}

TEST_F(Marks, WaitsUntilTheLastNeededCopyHasEnded) {
    mark("pending-image-0");
    mark("pending-image-1");
    std::thread copier([&] {
        std::filesystem::remove(folder_.path() / "pending-image-1");
        std::filesystem::remove(folder_.path() / "pending-image-0");
    });
    wait_for_images(pending_images(path()), path());
    EXPECT_TRUE(pending_images(path()).empty());
    copier.join();
}

TEST_F(Marks, TheReasonOfAFailedCopyIsPrintedForWhoWaited) {
    mark("failed-image-0", "the image x could not be copied\n");
    mark("failed-image-1", "another reason\n");
    testing::internal::CaptureStderr();
    wait_for_images({{"image-0", "x"}}, path());
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "the image x could not be copied\n");
}

TEST(DockerFront, KnowsTwoNamesOfOneImage) {
    for (const std::string name : {"busybox", "busybox:latest", "library/busybox",
                                   "docker.io/library/busybox:latest", "docker.io/busybox"}) {
        EXPECT_TRUE(is_same_image(name, "busybox")) << name;
    }
    for (const std::string name :
         {"busybox:1", "my/busybox", "localhost:5000/busybox", "", "busybox@sha256:0"}) {
        EXPECT_FALSE(is_same_image(name, "busybox")) << name;
    }
    EXPECT_TRUE(is_same_image("localhost:5000/a", "localhost:5000/a:latest"));
}

TEST(DockerFront, WaitsForWhatACommandNeeds) {
    const std::vector<PendingImage> pending{
        {"image-0", "busybox"}, {"image-1", "a/b:1"}, {"builder", "moby/buildkit:buildx-stable-1"}};
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
        {{"docker"}, ""},
        {{"docker", "version"}, ""},
        {{"docker", "ps", "-a"}, ""},
        {{"docker", "login", "-u", "me"}, ""},
        {{"docker", "run", "--rm", "busybox:latest", "true"}, "image-0"},
        {{"docker", "run", "other"}, ""},
        {{"docker", "-H", "images", "run", "other"}, ""},
        {{"docker", "pull", "docker.io/a/b:1"}, "image-1"},
        {{"docker", "tag", "moby/buildkit:buildx-stable-1", "x"}, "builder"},
        {{"docker", "ps", "--filter", "ancestor=busybox"}, "image-0"},
        {{"docker", "images"}, "image-0 image-1"},
        {{"docker", "--log-level=debug", "image", "ls"}, "image-0 image-1"},
        {{"docker", "compose", "up"}, "image-0 image-1"},
        {{"docker", "buildx", "build", "."}, ""},
        {{"docker", "build", "."}, ""}};
    for (const auto& [words, expected] : cases) {
        std::string marks;
        for (const auto& image : needed_images(words, pending, true)) {
            marks += (marks.empty() ? "" : " ") + image.mark;
        }
        EXPECT_EQ(marks, expected) << testing::PrintToString(words);
    }
    EXPECT_EQ(needed_images({"docker", "build", "."}, pending, false).size(), 2U)
        << "the engine builds itself";
}

}  // namespace
}  // namespace executors::helper
