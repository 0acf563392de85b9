#include <gtest/gtest.h>

#include "executors/docker/pull_progress.hpp"

#include "executors/docker/engine_api.hpp"

namespace {

using base::ErrorKind;
using executors::docker::parse_container_end;
using executors::docker::parse_container_state;
using executors::docker::parse_containers;
using executors::docker::parse_engine_info;
using executors::docker::parse_exec_state;
using executors::docker::parse_image_info;
using executors::docker::parse_images;
using executors::docker::parse_volume_sizes;
using executors::docker::parse_volumes;
using executors::docker::PullProgress;
using Words = std::vector<std::string>;

TEST(EngineInfo, IsWhatTheEngineSaysAboutItself) {
    const auto info = parse_engine_info(R"({"ID": "5b47", "Name": "vm", "ServerVersion": "26.1.5",
        "OSType": "linux", "Architecture": "x86_64", "Driver": "overlay2",
        "DockerRootDir": "/var/lib/docker", "CgroupDriver": "systemd", "CgroupVersion": "2",
        "SystemTime": "2026-11-28T12:52:16.18Z", "SecurityOptions": ["name=rootless"],
        "Warnings": null})");
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->id, "5b47");
    EXPECT_EQ(info->storage_driver, "overlay2");
    EXPECT_EQ(info->root_directory, "/var/lib/docker");
    EXPECT_EQ(info->cgroup_driver + " " + info->cgroup_version, "systemd 2");
    EXPECT_EQ(info->system_time, "2026-11-28T12:52:16.18Z");
    EXPECT_EQ(info->security_options, Words{"name=rootless"});
    EXPECT_TRUE(info->warnings.empty());
}

TEST(ImageInfo, IsReadFromAnInspection) {
    const auto facts = parse_image_info(R"({"Id": "sha256:1", "RepoDigests": ["a@sha256:2"],
        "Created": "2026-11-28T12:52:16Z", "RootFS": {"Type": "layers", "Layers": ["sha256:3", "sha256:4"]},
        "Os": "linux", "Architecture": "arm64",
        "Config": {"Entrypoint": ["tini", "--"], "Cmd": ["dockerd"], "User": "app",
                   "Env": ["PATH=/bin", "EMPTY=", "PATHS=x"], "Volumes": {"/var/lib/docker": {}},
                   "ExposedPorts": {"2375/tcp": {}, "2376/tcp": {}}}})");
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->id, "sha256:1");
    EXPECT_EQ(facts->content, "2026-11-28T12:52:16Z,sha256:3,sha256:4");
    EXPECT_EQ(facts->repo_digests, Words{"a@sha256:2"});
    EXPECT_EQ(facts->os + "/" + facts->architecture, "linux/arm64");
    EXPECT_EQ(facts->entrypoint, (Words{"tini", "--"}));
    EXPECT_EQ(facts->command, Words{"dockerd"});
    EXPECT_EQ(facts->user, "app");
    EXPECT_EQ(facts->volumes, Words{"/var/lib/docker"});
    EXPECT_EQ(facts->exposed_ports, (Words{"2375/tcp", "2376/tcp"}));
    EXPECT_EQ(facts->environment_value("PATH"), "/bin");
    EXPECT_EQ(facts->environment_value("PATHS"), "x");
    EXPECT_EQ(facts->environment_value("EMPTY"), "");
    EXPECT_EQ(facts->environment_value("PAT"), "");
}

TEST(ImageInfo, NeedsOnlyTheId) {
    for (const char* body :
         {R"({"Id": "x"})", R"({"Id": "x", "Config": null})",
          R"({"Id": "x", "Config": {"Entrypoint": null, "Env": null, "User": 1}})"}) {
        const auto facts = parse_image_info(body);
        ASSERT_TRUE(facts.has_value()) << body;
        EXPECT_TRUE(facts->entrypoint.empty() && facts->environment.empty() && facts->user.empty());
    }
}

TEST(ContainerState, IsReadFromAnInspection) {
    const auto state = parse_container_state(R"({"Id": "c1",
        "State": {"Status": "exited", "Running": false, "ExitCode": 137, "OOMKilled": true,
                  "Error": "oops"},
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}, "odd": null}},
        "Config": {"Env": ["A=1"], "ExposedPorts": {"80/tcp": {}}}})");
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->id, "c1");
    EXPECT_EQ(state->status, "exited");
    EXPECT_FALSE(state->running);
    EXPECT_EQ(state->exit_code, 137);
    EXPECT_TRUE(state->oom_killed);
    EXPECT_EQ(state->error, "oops");
    EXPECT_EQ(state->addresses.at("bridge"), "172.17.0.2");
    EXPECT_EQ(state->addresses.at("odd"), "");
    EXPECT_EQ(state->environment, Words{"A=1"});
    EXPECT_EQ(state->exposed_ports, Words{"80/tcp"});
}

TEST(ExecState, HasACodeOnceItHasEnded) {
    const auto running = parse_exec_state(R"({"Running": true, "ExitCode": null})");
    ASSERT_TRUE(running.has_value());
    EXPECT_TRUE(running->running);
    const auto ended = parse_exec_state(R"({"Running": false, "ExitCode": 3})");
    ASSERT_TRUE(ended.has_value());
    EXPECT_FALSE(ended->running);
    EXPECT_EQ(ended->exit_code, 3);
    EXPECT_EQ(*parse_container_end(R"({"StatusCode": 0, "Error": null})"), 0);
    EXPECT_EQ(*parse_container_end(R"({"StatusCode": 255})"), 255);
}

template <typename Parse>
void expect_refused(Parse parse, const Words& bodies) {
    for (const auto& body : bodies) {
        const auto parsed = parse(body);
        EXPECT_FALSE(parsed.has_value()) << body;
        if (parsed) continue;
        EXPECT_TRUE(parsed.error().is(ErrorKind::kProtocol)) << body;
    }
}

TEST(EngineAnswers, WithoutRequiredFieldsAreNotReadAsExitCodeZero) {
    Words bodies{"", "null", "[]", "\"x\"", "{}", "{\"message\": \"what?\"}", "<html>"};
    expect_refused(parse_image_info, bodies);
    expect_refused(parse_exec_state, bodies);
    expect_refused(parse_container_end, bodies);
    expect_refused(parse_container_state, bodies);
    expect_refused(parse_image_info, {R"({"Id": 1})"});
    expect_refused(parse_exec_state, {R"({"Running": false})", R"({"ExitCode": 0})",
                                      R"({"Running": false, "ExitCode": null})"});
    expect_refused(parse_container_end, {R"({"StatusCode": "0"})", R"({"StatusCode": null})"});
    expect_refused(parse_container_state, {R"({"Id": "c"})", R"({"Id": "c", "State": null})",
                                           R"({"Id": "c", "State": {"Status": "x"}})",
                                           R"({"State": {"Running": false}})"});
}

TEST(PullProgress, FindsFailuresOnly) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"status": "Pulling fs layer", "id": "x"})", ""},
        {R"({"errorDetail": {"message": "denied"}, "error": "short"})", "denied"},
        {R"({"error": "short"})", "short"},
        {R"({"errorDetail": {}, "error": ""})", ""},
        {R"({"error": null})", ""},
        {"", ""},
        {"{\"error\": \"to", ""},
        {"[]", ""},
    };
    for (const auto& [line, failure] : cases) {
        PullProgress progress;
        progress.add(line);
        progress.finish();
        EXPECT_EQ(progress.failure().value_or(""), failure) << line;
    }
}

TEST(PullProgress, KeepsLittleOfALineWithoutEnd) {
    PullProgress progress;
    const std::string piece(64U << 10U, 'x');
    for (int i = 0; i < 100; ++i) progress.add(piece);
    ASSERT_TRUE(progress.failure());
    EXPECT_NE(progress.failure()->find("more than 1 MiB"), std::string::npos);
    progress.add(R"(the end
{"error": "denied"}
)");
    EXPECT_EQ(progress.failure(), "denied");
}

TEST(PullProgress, CountsTheBytesOfEachLayerOnceHoweverTheStreamIsCut) {
    const std::string stream =
        R"({"status": "Pulling from app", "id": "latest"})"
        "\n"
        R"({"status": "Downloading", "id": "a", "progressDetail": {"current": 50, "total": 100}})"
        "\n"
        R"({"status": "Downloading", "id": "b", "progressDetail": {"current": 7, "total": 7}})"
        "\r\n"
        R"({"status": "Downloading", "id": "a", "progressDetail": {"current": 100, "total": 100}})"
        "\n"
        R"({"status": "Extracting", "id": "a", "progressDetail": {"current": 32, "total": 100}})"
        "\n"
        R"({"status": "Pull complete", "id": "a", "progressDetail": {}})"
        "\n"
        R"({"status": "x", "id": "c", "progressDetail": {"current": -1}})";
    for (const std::size_t size : {std::size_t{1}, std::size_t{13}, stream.size()}) {
        PullProgress progress;
        for (std::size_t at = 0; at < stream.size(); at += size) {
            progress.add(std::string_view(stream).substr(at, size));
        }
        progress.finish();
        EXPECT_EQ(progress.bytes(), 107U) << size;
        EXPECT_FALSE(progress.failure()) << size;
    }
}

TEST(EngineParse, ListsOfThingsThatAreCollected) {
    const auto volumes = parse_volumes(
        R"({"Volumes": [{"Name": "v", "CreatedAt": "2026-01-31T16:47:55+01:00"}, {"Name": "w"}]})");
    ASSERT_TRUE(volumes && volumes->size() == 2);
    EXPECT_EQ(volumes->front().created, 1'769'874'475);
    EXPECT_EQ(volumes->back().created, 0);
    const auto containers = parse_containers(
        R"([{"Id": "c", "ImageID": "sha256:1", "State": "running", "Created": 7,
             "Mounts": [{"Type": "volume", "Name": "v"}, {"Type": "bind", "Source": "/x"}, null]}])");
    ASSERT_TRUE(containers && containers->size() == 1);
    EXPECT_EQ(containers->front().image, "sha256:1");
    EXPECT_EQ(containers->front().state, "running");
    EXPECT_EQ(containers->front().volumes, std::vector<std::string>{"v"});
    EXPECT_EQ(containers->front().created, 7);
    const auto images = parse_images(
        R"([{"Id": "sha256:1", "RepoTags": ["a:1"], "Size": 12, "Created": 5},
            {"Id": "sha256:2", "RepoTags": ["<none>:<none>"], "Size": -1},
            {"Id": "sha256:3", "RepoTags": null}, 7, {"RepoTags": ["b:1"]}])");
    ASSERT_TRUE(images && images->size() == 3);
    EXPECT_EQ((*images)[0].tags, std::vector<std::string>{"a:1"});
    EXPECT_EQ((*images)[0].bytes, 12U);
    EXPECT_TRUE((*images)[1].tags.empty());
    EXPECT_EQ((*images)[1].bytes, 0U);
    EXPECT_TRUE((*images)[2].tags.empty());
}

TEST(EngineParse, SizesOfVolumesThatTheEngineKnows) {
    const auto sizes = parse_volume_sizes(
        R"({"LayersSize": 1, "Volumes": [{"Name": "v", "UsageData": {"Size": 4096, "RefCount": 0}},
            {"Name": "w", "UsageData": {"Size": -1}}, {"Name": "x", "UsageData": null}, 7]})");
    ASSERT_TRUE(sizes);
    EXPECT_EQ(*sizes, (std::map<std::string, std::uint64_t>{{"v", 4096}}));
    EXPECT_TRUE(parse_volume_sizes(R"({"Volumes": null})")->empty());
    EXPECT_TRUE(parse_volume_sizes("[]")->empty());
    EXPECT_FALSE(parse_volume_sizes("no JSON"));
}

}  // namespace
