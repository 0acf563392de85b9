#include "executors/docker/container_spec.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "base/json.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using executors::docker::build_container_json;
using executors::docker::ContainerPlan;
using executors::docker::DockerSettings;
using executors::docker::resolve_security_options;
using executors::docker::service_container_json;
using executors::docker::service_devices;
using nlohmann::json;
using Words = std::vector<std::string>;

ContainerPlan plan_of(const std::string& image) {
    ContainerPlan plan;
    plan.image = image;
    return plan;
}

json build(const DockerSettings& settings, const ContainerPlan& plan, bool mac_on_endpoint = true) {
    const auto body = build_container_json(settings, plan, mac_on_endpoint);
    EXPECT_TRUE(body.has_value()) << (body ? "" : body.error().message);
    return body ? json::parse(*body) : json();
}

json service(const DockerSettings& settings, const ContainerPlan& plan,
             bool mac_on_endpoint = true) {
    const auto body = service_container_json(settings, plan, mac_on_endpoint);
    EXPECT_TRUE(body.has_value()) << (body ? "" : body.error().message);
    return body ? json::parse(*body) : json();
}

struct Key {
    const char* name;
    std::function<void(DockerSettings&)> set;
    const char* where;  ///< of the API's body
    json value;
    bool in_build;
    bool in_service;
};

json one_change(const Key& key, const json& before) {
    const json::json_pointer where(key.where);
    const char* operation = before.contains(where) ? "replace" : "add";
    return json::array({{{"op", operation}, {"path", key.where}, {"value", key.value}}});
}

/// Every key changes exactly the one field that it stands for, in the containers that it is for.
void check(const std::vector<Key>& keys) {
    const ContainerPlan plan = plan_of("sha256:1");
    const json bare_build = build({}, plan);
    const json bare_service = service({}, plan);
    for (const Key& key : keys) {
        SCOPED_TRACE(key.name);
        DockerSettings settings;
        key.set(settings);
        const json none = json::array();
        EXPECT_EQ(json::diff(bare_build, build(settings, plan)),
                  key.in_build ? one_change(key, bare_build) : none);
        EXPECT_EQ(json::diff(bare_service, service(settings, plan)),
                  key.in_service ? one_change(key, bare_service) : none);
    }
}

TEST(ContainerSpec, LimitsOfTheBuildContainerDoNotApplyToServices) {
    using S = DockerSettings;
    check({
        {"memory", [](S& s) { s.memory_bytes = 1024; }, "/HostConfig/Memory", 1024, true, false},
        {"memory_swap", [](S& s) { s.memory_swap_bytes = -1; }, "/HostConfig/MemorySwap", -1, true,
         false},
        {"memory_reservation", [](S& s) { s.memory_reservation_bytes = 512; },
         "/HostConfig/MemoryReservation", 512, true, false},
        {"cpus", [](S& s) { s.nano_cpus = 1'500'000'000; }, "/HostConfig/NanoCpus", 1'500'000'000,
         true, false},
        {"cpu_shares", [](S& s) { s.cpu_shares = 100; }, "/HostConfig/CpuShares", 100, true, false},
        {"cpuset_cpus", [](S& s) { s.cpuset_cpus = "0,1"; }, "/HostConfig/CpusetCpus", "0,1", true,
         false},
        {"cpuset_mems", [](S& s) { s.cpuset_mems = "0"; }, "/HostConfig/CpusetMems", "0", true,
         false},
        {"cgroup_parent", [](S& s) { s.cgroup_parent = "ci"; }, "/HostConfig/CgroupParent", "ci",
         true, false},
        {"oom_kill_disable", [](S& s) { s.oom_kill_disable = true; }, "/HostConfig/OomKillDisable",
         true, true, false},
        {"oom_score_adjust", [](S& s) { s.oom_score_adjust = -500; }, "/HostConfig/OomScoreAdj",
         -500, true, false},
        {"service_memory", [](S& s) { s.service_memory_bytes = 9; }, "/HostConfig/Memory", 9, false,
         true},
        {"service_memory_swap", [](S& s) { s.service_memory_swap_bytes = 9; },
         "/HostConfig/MemorySwap", 9, false, true},
        {"service_memory_reservation", [](S& s) { s.service_memory_reservation_bytes = 9; },
         "/HostConfig/MemoryReservation", 9, false, true},
        {"service_cpus", [](S& s) { s.service_nano_cpus = 9; }, "/HostConfig/NanoCpus", 9, false,
         true},
        {"service_cpu_shares", [](S& s) { s.service_cpu_shares = 9; }, "/HostConfig/CpuShares", 9,
         false, true},
        {"service_cpuset_cpus", [](S& s) { s.service_cpuset_cpus = "2"; }, "/HostConfig/CpusetCpus",
         "2", false, true},
        {"service_cgroup_parent", [](S& s) { s.service_cgroup_parent = "svc"; },
         "/HostConfig/CgroupParent", "svc", false, true},
    });
}

TEST(ContainerSpec, RightsAndDevices) {
    using S = DockerSettings;
    const json device = {
        {"PathOnHost", "/dev/kvm"}, {"PathInContainer", "/dev/kvm"}, {"CgroupPermissions", "rwm"}};
    const json gpus = {{"Capabilities", {{"gpu"}}}, {"Count", -1}};
    check({
        {"devices", [](S& s) { s.devices = {"/dev/kvm"}; }, "/HostConfig/Devices",
         json::array({device}), true, false},
        {"device_cgroup_rules",
         [](S& s) { s.device_cgroup_rules = {"c 1:* rwm"}; },
         "/HostConfig/DeviceCgroupRules",
         {"c 1:* rwm"},
         true,
         false},
        {"gpus", [](S& s) { s.gpus = "all"; }, "/HostConfig/DeviceRequests", json::array({gpus}),
         true, false},
        {"service_gpus", [](S& s) { s.service_gpus = "all"; }, "/HostConfig/DeviceRequests",
         json::array({gpus}), false, true},
        {"cap_add",
         [](S& s) { s.cap_add = {"NET_ADMIN"}; },
         "/HostConfig/CapAdd",
         {"NET_ADMIN"},
         true,
         false},
        {"cap_drop",
         [](S& s) { s.cap_drop = {"ALL"}; },
         "/HostConfig/CapDrop",
         {"ALL"},
         true,
         false},
        {"security_opt",
         [](S& s) { s.security_opt = {"label=disable"}; },
         "/HostConfig/SecurityOpt",
         {"label=disable"},
         true,
         false},
        {"services_security_opt",
         [](S& s) { s.services_security_opt = {"no-new-privileges"}; },
         "/HostConfig/SecurityOpt",
         {"no-new-privileges"},
         false,
         true},
        {"userns_mode", [](S& s) { s.userns_mode = "host"; }, "/HostConfig/UsernsMode", "host",
         true, true},
        {"runtime", [](S& s) { s.runtime = "runsc"; }, "/HostConfig/Runtime", "runsc", true, true},
        {"isolation", [](S& s) { s.isolation = "hyperv"; }, "/HostConfig/Isolation", "hyperv", true,
         true},
        {"group_add",
         [](S& s) { s.group_add = {"docker"}; },
         "/HostConfig/GroupAdd",
         {"docker"},
         true,
         false},
        {"ipcmode", [](S& s) { s.ipcmode = "private"; }, "/HostConfig/IpcMode", "private", true,
         false},
        {"pid_mode", [](S& s) { s.pid_mode = "host"; }, "/HostConfig/PidMode", "host", true, false},
        {"sysctls",
         [](S& s) {
             s.sysctls = {{"net.x", "1"}};
         },
         "/HostConfig/Sysctls",
         {{"net.x", "1"}},
         true,
         false},
        {"ulimit",
         [](S& s) {
             s.ulimit = {{"nofile", "1024:2048"}};
         },
         "/HostConfig/Ulimits", json::array({{{"Name", "nofile"}, {"Soft", 1024}, {"Hard", 2048}}}),
         true, false},
        // Only a plan decides on these.
        {"privileged",
         [](S& s) { s.privileged = s.services_privileged = true; },
         "",
         {},
         false,
         false},
        {"user", [](S& s) { s.user = "1000"; }, "", {}, false, false},
    });
}

TEST(ContainerSpec, VolumesAndNetwork) {
    using S = DockerSettings;
    const json log = {{"Type", "json-file"}, {"Config", {{"env", "A"}, {"labels", "b"}}}};
    check({
        {"links", [](S& s) { s.links = {"db:db"}; }, "/HostConfig/Links", {"db:db"}, true, false},
        {"volumes_from",
         [](S& s) { s.volumes_from = {"x:ro"}; },
         "/HostConfig/VolumesFrom",
         {"x:ro"},
         true,
         false},
        {"volume_driver", [](S& s) { s.volume_driver = "nfs"; }, "/HostConfig/VolumeDriver", "nfs",
         true, false},
        {"dns", [](S& s) { s.dns = {"1.1.1.1"}; }, "/HostConfig/Dns", {"1.1.1.1"}, true, true},
        {"dns_search",
         [](S& s) { s.dns_search = {"x.net"}; },
         "/HostConfig/DnsSearch",
         {"x.net"},
         true,
         true},
        {"shm_size", [](S& s) { s.shm_size_bytes = 64; }, "/HostConfig/ShmSize", 64, true, true},
        {"tmpfs",
         [](S& s) {
             s.tmpfs = {{"/t", "rw"}};
         },
         "/HostConfig/Tmpfs",
         {{"/t", "rw"}},
         true,
         false},
        {"services_tmpfs",
         [](S& s) {
             s.services_tmpfs = {{"/t", "rw"}};
         },
         "/HostConfig/Tmpfs",
         {{"/t", "rw"}},
         false,
         true},
        {"mac_address",
         [](S& s) { s.mac_address = "02:42:0a:00:00:01"; },
         "/NetworkingConfig",
         {{"EndpointsConfig", {{"bridge", {{"MacAddress", "02:42:0a:00:00:01"}}}}}},
         true,
         true},
    });
    DockerSettings settings;
    settings.log_options = {{"env", "A"}, {"labels", "b"}};
    EXPECT_EQ(build(settings, {})["HostConfig"]["LogConfig"], log);
    EXPECT_EQ(service(settings, {})["HostConfig"]["LogConfig"], log);
}

TEST(ContainerSpec, CopiesTheFieldsOfThePlan) {
    ContainerPlan plan = plan_of("sha256:1");
    plan.environment = {"A=1"};
    plan.user = "1000:1000";
    plan.hostname = "runner-x";
    plan.binds = {"v:/v"};
    plan.anonymous_volumes = {"/var/lib/docker"};
    plan.extra_hosts = {"reg:10.0.0.1"};
    plan.labels = {{"l", "m"}};
    plan.network = "net";
    plan.aliases = {"build"};
    plan.privileged = true;
    plan.init = true;
    for (const json& body : {build({}, plan), service({}, plan)}) {
        EXPECT_EQ(body["Image"], "sha256:1");
        EXPECT_EQ(body["Env"], json({"A=1"}));
        EXPECT_EQ(body["User"], "1000:1000");
        EXPECT_EQ(body["Hostname"], "runner-x");
        EXPECT_EQ(body["Labels"], json({{"l", "m"}}));
        EXPECT_EQ(body["Volumes"], json({{"/var/lib/docker", json::object()}}));
        const json& host = body["HostConfig"];
        EXPECT_EQ(host["Binds"], json({"v:/v"}));
        EXPECT_EQ(host["ExtraHosts"], json({"reg:10.0.0.1"}));
        EXPECT_EQ(host["NetworkMode"], "net");
        EXPECT_EQ(host["Privileged"], true);
        EXPECT_EQ(host["Init"], true);
        EXPECT_EQ(host["RestartPolicy"], json({{"Name", "no"}}));
        EXPECT_EQ(body["NetworkingConfig"]["EndpointsConfig"]["net"]["Aliases"], json({"build"}));
        EXPECT_FALSE(body.contains("Entrypoint"));
        EXPECT_FALSE(body.contains("Cmd"));
    }
    EXPECT_EQ(build({}, {})["HostConfig"]["Privileged"], false);
    EXPECT_EQ(build({}, {})["HostConfig"]["OomKillDisable"], false);
}

TEST(ContainerSpec, DistinguishesAMissingEntrypointFromAnEmptyOne) {
    ContainerPlan plan = plan_of("i");
    plan.entrypoint = Words{""};
    plan.command = Words();
    const json body = build({}, plan);
    EXPECT_EQ(body.at("Entrypoint"), json({""}));
    EXPECT_EQ(body.at("Cmd"), json::array());
}

TEST(ContainerSpec, PutsTheMacAddressWhereTheEngineReadsIt) {
    DockerSettings settings;
    settings.mac_address = "02:00:00:00:00:01";
    const json old = build(settings, plan_of("i"), false);
    EXPECT_EQ(old.at("MacAddress"), settings.mac_address);
    EXPECT_FALSE(old.contains("NetworkingConfig"));
    EXPECT_FALSE(build(settings, plan_of("i"), true).contains("MacAddress"));
}

TEST(ContainerSpec, ReadsDevices) {
    DockerSettings settings;
    settings.devices = {"/dev/a", "/dev/b:/dev/c", "/dev/d:/dev/e:r"};
    const json devices = build(settings, {})["HostConfig"]["Devices"];
    const json expected = json::array(
        {{{"PathOnHost", "/dev/a"}, {"PathInContainer", "/dev/a"}, {"CgroupPermissions", "rwm"}},
         {{"PathOnHost", "/dev/b"}, {"PathInContainer", "/dev/c"}, {"CgroupPermissions", "rwm"}},
         {{"PathOnHost", "/dev/d"}, {"PathInContainer", "/dev/e"}, {"CgroupPermissions", "r"}}});
    EXPECT_EQ(devices, expected);
    ContainerPlan plan;
    plan.devices = {"/dev/a"};
    EXPECT_EQ(service(settings, plan)["HostConfig"]["Devices"], json::array({expected[0]}));
    EXPECT_FALSE(build({}, plan)["HostConfig"].contains("Devices"));
}

TEST(ContainerSpec, ReadsGpusAsTheDockerClientDoes) {
    const json gpu = {{"gpu"}};
    const std::vector<std::pair<std::string, json>> cases{
        {"all", {{"Count", -1}, {"Capabilities", gpu}}},
        {"2", {{"Count", 2}, {"Capabilities", gpu}}},
        {"count=3", {{"Count", 3}, {"Capabilities", gpu}}},
        {"count=all,driver=nvidia", {{"Count", -1}, {"Driver", "nvidia"}, {"Capabilities", gpu}}},
        {"driver=nvidia", {{"Count", 1}, {"Driver", "nvidia"}, {"Capabilities", gpu}}},
        {"device=0", {{"DeviceIDs", {"0"}}, {"Capabilities", gpu}}},
        {"device=0,1", {{"DeviceIDs", {"0", "1"}}, {"Capabilities", gpu}}},
        {"\"device=0,GPU-3a\",driver=nvidia",
         {{"DeviceIDs", {"0", "GPU-3a"}}, {"Driver", "nvidia"}, {"Capabilities", gpu}}},
        {"all,\"capabilities=utility,compute\"",
         {{"Count", -1}, {"Capabilities", {{"utility", "compute", "gpu"}}}}},
    };
    for (const auto& [text, expected] : cases) {
        SCOPED_TRACE(text);
        DockerSettings settings;
        settings.gpus = text;
        EXPECT_EQ(build(settings, {})["HostConfig"]["DeviceRequests"], json::array({expected}));
    }
}

TEST(ContainerSpec, NamesTheKeyWhoseValueIsNotValid) {
    using S = DockerSettings;
    const std::vector<std::pair<const char*, std::function<void(S&)>>> cases{
        {"ulimit",
         [](S& s) {
             s.ulimit = {{"nofile", "many"}};
         }},
        {"ulimit",
         [](S& s) {
             s.ulimit = {{"nofile", "1:2:3"}};
         }},
        {"ulimit",
         [](S& s) {
             s.ulimit = {{"nofile", ""}};
         }},
        {"ulimit",
         [](S& s) {
             s.ulimit = {{"nofile", "1:"}};
         }},
        {"gpus", [](S& s) { s.gpus = "some"; }},
        {"gpus", [](S& s) { s.gpus = "count=x"; }},
        {"gpus", [](S& s) { s.gpus = "count=1,count=2"; }},
        {"gpus", [](S& s) { s.gpus = "kind=x"; }},
        {"devices", [](S& s) { s.devices = {"/dev/a:/dev/b:rwm:x"}; }},
        {"devices", [](S& s) { s.devices = {""}; }},
        {"devices", [](S& s) { s.devices = {"/dev/a:"}; }},
        {"log_options",
         [](S& s) {
             s.log_options = {{"max-size", "1m"}};
         }},
    };
    for (const auto& [key, set] : cases) {
        SCOPED_TRACE(key);
        DockerSettings settings;
        set(settings);
        const auto body = build_container_json(settings, {}, true);
        EXPECT_FALSE(body.has_value());
        if (body) continue;
        EXPECT_TRUE(body.error().is(base::ErrorKind::kConfiguration));
        EXPECT_NE(body.error().message.find(key), std::string::npos) << body.error().message;
    }
}

TEST(ContainerSpec, ReplacesBytesThatAreNotUtf8) {
    ContainerPlan plan;
    plan.environment = {"A=\xff"};
    EXPECT_EQ(build({}, plan)["Env"], json({"A=\xef\xbf\xbd"}));
}

TEST(SecurityOptions, InlineTheSeccompProfile) {
    const tests::TempDir folder;
    const std::string good = folder.path() / "good.json";
    const std::string bad = folder.path() / "bad.json";
    std::ofstream(good) << "{ \"defaultAction\" : \"SCMP_ACT_ALLOW\" }";
    std::ofstream(bad) << "not json";
    const auto resolved = resolve_security_options(
        {"seccomp=" + good, "seccomp=unconfined", "seccomp={\"a\":1}", "apparmor=x"});
    ASSERT_TRUE(resolved.has_value());
    EXPECT_EQ(*resolved, (Words{"seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
                                "seccomp=unconfined", "seccomp={\"a\":1}", "apparmor=x"}));
    for (const std::string& path : {bad, good + ".missing"}) {
        const auto failed = resolve_security_options({"seccomp=" + path});
        ASSERT_FALSE(failed.has_value());
        EXPECT_NE(failed.error().message.find(path), std::string::npos);
        EXPECT_NE(failed.error().message.find("security_opt"), std::string::npos);
    }
}

TEST(ServiceDevices, AreGrantedByImage) {
    DockerSettings settings;
    settings.services_devices = {{"alpine:*", {"/dev/a", "/dev/b"}}, {"*:latest", {"/dev/c"}}};
    EXPECT_EQ(service_devices(settings, "alpine:latest"), (Words{"/dev/c", "/dev/a", "/dev/b"}));
    EXPECT_EQ(service_devices(settings, "alpine:3"), (Words{"/dev/a", "/dev/b"}));
    EXPECT_EQ(service_devices(settings, "redis:7"), Words());
}

}  // namespace
