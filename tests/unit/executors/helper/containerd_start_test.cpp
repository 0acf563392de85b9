#include "executors/helper/containerd_start.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "executors/helper/posix.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

TEST(ContainerdStart, IsForAnEngineWithDefaultPlacesOnly) {
    const struct {
        std::vector<std::string> arguments;
        const char* file;
        bool own;
    } table[] = {
        {{"dockerd"}, "", true},
        {{"dockerd", "--host=unix:///var/run/docker.sock", "--mtu", "1400"}, "{}", true},
        {{"dockerd", "--containerd-namespace=moby"}, R"({"storage-driver": "vfs"})", true},
        {{"dockerd", "--containerd=/run/containerd/containerd.sock"}, "", false},
        {{"dockerd", "--containerd", "/run/containerd/containerd.sock"}, "", false},
        {{"dockerd", "--exec-root=/x"}, "", false},
        {{"dockerd", "--data-root=/x"}, "", false},
        {{"dockerd", "--userns-remap", "default"}, "", false},
        {{"dockerd", "--config-file=/x"}, "", false},
        {{"dockerd", "--version"}, "", false},
        {{"dockerd"}, R"({"containerd": "/x"})", false},
        {{"dockerd"}, R"({"exec-root": "/x"})", false},
        {{"dockerd"}, R"({"data-root": "/x"})", false},
    };
    for (const auto& row : table)
        EXPECT_EQ(starts_own_containerd(row.arguments, row.file), row.own)
            << row.arguments.back() << " " << row.file;
}

class StartedContainerd : public testing::Test {
  protected:
    StartedContainerd() { ::setenv("PATH", directory_.path().c_str(), 1); }
    ~StartedContainerd() override { ::setenv("PATH", path_.c_str(), 1); }

    void put_program(const std::string& script) {
        const std::string path = directory_.path().string() + "/containerd";
        std::ofstream(path) << "#!/bin/sh\n" << script;
        ::chmod(path.c_str(), 0755);
    }
    [[nodiscard]] ContainerdPlaces places() const {
        const std::string path = directory_.path().string();
        return {path + "/root", path + "/run/containerd", path + "/system.sock"};
    }

    std::string path_ = environment_or("PATH", "");
    tests::TempDir directory_;
};

TEST_F(StartedContainerd, IsLeftToDockerdWhereTheImageHasNone) {
    EXPECT_EQ(start_containerd(places()), "");
    EXPECT_FALSE(std::filesystem::exists(places().state));
}

TEST_F(StartedContainerd, IsLeftToDockerdBesideOneOfTheSystem) {
    put_program("exit 0\n");
    std::ofstream(places().of_system) << "";
    EXPECT_EQ(start_containerd(places()), "");
    EXPECT_FALSE(std::filesystem::exists(places().state));
}

TEST_F(StartedContainerd, IsNotStartedBesideTheOneOfAnotherDockerd) {
    put_program(": > " + directory_.path().string() + "/started\n");
    make_directories(places().state, 0700);
    const UniqueFd other = listen_in(places().state, "containerd.sock");
    EXPECT_EQ(start_containerd(places()), "");
    EXPECT_FALSE(std::filesystem::exists(directory_.path() / "started"));
}

TEST_F(StartedContainerd, ThatEndsAtOnceIsLeftToDockerd) {
    put_program("echo \"$@\" > " + directory_.path().string() + "/arguments\nexit 3\n");
    EXPECT_EQ(start_containerd(places()), "");
    EXPECT_EQ(read_file_end(directory_.path().string() + "/arguments", 1000),
              "--config " + places().state + "/containerd.toml\n");
    const std::string config = read_file_end(places().state + "/containerd.toml", 10'000);
    EXPECT_NE(config.find("root = \"" + places().root + "\"\n"), std::string::npos) << config;
}

}  // namespace
}  // namespace executors::helper
