#include "executors/docker/client_home.hpp"

#include <gtest/gtest.h>

namespace executors::docker {
namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "app:x:1000:1001:An app:/home/app:/bin/sh\n"
    "broken:x\n";
constexpr const char* kGroup = "docker:x:999:app\nstaff:x:50:\n";

TEST(ContainerUserTest, IsFoundInTheFilesOfTheImage) {
    struct Case {
        std::string user;
        unsigned uid;
        unsigned gid;
        std::string home;
    };
    const std::vector<Case> cases{{"", 0, 0, "/root"},
                                  {"root", 0, 0, "/root"},
                                  {"0", 0, 0, "/root"},
                                  {"app", 1000, 1001, "/home/app"},
                                  {"1000", 1000, 1001, "/home/app"},
                                  {"app:staff", 1000, 50, "/home/app"},
                                  {"app:7", 1000, 7, "/home/app"},
                                  {"1234", 1234, 0, "/"},
                                  {"1234:5678", 1234, 5678, "/"}};
    for (const auto& entry : cases) {
        const auto user = find_container_user(entry.user, kPasswd, kGroup);
        EXPECT_EQ(user.uid, entry.uid) << entry.user;
        EXPECT_EQ(user.gid, entry.gid) << entry.user;
        EXPECT_EQ(user.home, entry.home) << entry.user;
    }
    EXPECT_EQ(find_container_user("", "", "").home, "/root") << "an image without the file";
}

TEST(ClientHomeTest, FollowsTheVariablesOfJobAndImage) {
    struct Case {
        std::vector<EnvironmentVariable> job;
        std::vector<std::string> image;
        std::string user;
        std::string directory;
        bool late;
    };
    const std::vector<Case> cases{
        {{}, {}, "", "/root/.docker", false},
        {{}, {}, "app", "/home/app/.docker", false},
        {{}, {"HOME=/h"}, "", "/h/.docker", false},
        {{}, {"DOCKER_CONFIG=/c/"}, "", "/c", false},
        {{{"HOME", "/tmp/home"}}, {"HOME=/h"}, "", "/tmp/home/.docker", true},
        {{{"HOME", "/other"}}, {"HOME=/h"}, "", "/other/.docker", false},
        {{{"DOCKER_CONFIG", "/etc/c"}}, {"DOCKER_CONFIG=/c"}, "", "/etc/c", false},
        {{{"DOCKER_CONFIG", ""}}, {}, "", "/root/.docker", false},
        {{{"DOCKER_CONFIG", "/builds/p/.docker"}}, {}, "", "/builds/p/.docker", true},
        {{{"DOCKER_CONFIG", ".docker"}}, {}, "", "/builds/p/.docker", true},
        {{{"HOME", "/builds"}}, {}, "", "/builds/.docker", true},
        {{{"BUILDX_CONFIG", "/builds/p/x"}}, {}, "", "/root/.docker", true},
        {{{"DOCKER_CONFIG", "/builds-other"}}, {}, "", "/builds-other", false}};
    for (const auto& entry : cases) {
        JobEnvironment job;
        job.builds_dir = "/builds";
        job.project_dir = "/builds/p";
        job.client_environment = entry.job;
        ImageInfo image;
        image.environment = entry.image;
        ImageChoice choice;
        choice.user = entry.user;
        ImageFiles files;
        files.contents["/etc/passwd"] = kPasswd;
        const auto home = find_client_home(job, choice, image, files);
        EXPECT_EQ(home.directory, entry.directory);
        EXPECT_EQ(home.late, entry.late) << entry.directory;
    }
}

}  // namespace
}  // namespace executors::docker
