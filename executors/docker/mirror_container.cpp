#include "executors/docker/mirror_container.hpp"

#include <filesystem>
#include <utility>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/exec_stream.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

/// The engine puts hosts, hostname and resolv.conf there.
constexpr const char* kEmptyEtc = "rw,noexec,nosuid,nodev,size=1m,mode=755";
constexpr const char* kEmptyVolume = "ro,noexec,nosuid,nodev,size=4k";

/// "container:…" is the network of another container, whose owner is not known here.
bool is_network_of_another(const std::string& mode) { return mode.starts_with("container:"); }

std::string normal(const std::string& path) {
    std::string text = std::filesystem::path("/" + path).lexically_normal();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

bool has_destination(const std::vector<std::string>& binds, const std::string& path) {
    for (const std::string& bind : binds) {
        if (base::split(bind, ':').at(1) == path) return true;
    }
    return false;
}

/// What hides the files of the image. A volume that the image declares would bring them back, also
/// below /etc and /.runner.
json hiding_mounts(const MirrorContainer& container, const std::vector<std::string>& binds) {
    json mounts = {{"/etc", kEmptyEtc}};
    for (const std::string& declared : container.image_volumes) {
        const std::string path = normal(declared);
        if (!has_destination(binds, path) && !mounts.contains(path)) mounts[path] = kEmptyVolume;
    }
    return mounts;
}

std::uint64_t unsigned_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string end_of(const ExecResult& ended) {
    const std::string said(base::trim(ended.errors));
    return " (exit code " + std::to_string(ended.exit_code) + (said.empty() ? ")" : "): " + said);
}

}  // namespace

std::string mirror_container_body(const MirrorContainer& container, const DockerSettings& docker) {
    std::vector<std::string> binds{container.helper_volume + ":/.runner:ro", container.mirror_bind};
    if (!container.builds_bind.empty()) binds.push_back(container.builds_bind);
    json host = {{"Binds", binds},    {"Tmpfs", hiding_mounts(container, binds)},
                 {"CpuShares", 128},  {"ExtraHosts", docker.extra_hosts},
                 {"Dns", docker.dns}, {"DnsSearch", docker.dns_search}};
    if (!docker.network_mode.empty() && !is_network_of_another(docker.network_mode)) {
        host["NetworkMode"] = docker.network_mode;
    }
    if (!docker.userns_mode.empty()) host["UsernsMode"] = docker.userns_mode;
    const std::string seconds = std::to_string(container.limit.count());
    return json{{"Image", container.image},
                {"Entrypoint", {kHelper}},
                {"Cmd", {"mirror", "wait", seconds}},
                {"Healthcheck", no_healthcheck()},
                {"User", "0"},
                {"WorkingDir", "/"},
                {"Labels", container.labels},
                {"HostConfig", std::move(host)}}
        .dump();
}

Task<Result<std::string>> make_mirror_container(EngineApi& api, MirrorContainer container,
                                                DockerSettings docker) {
    auto image = co_await api.inspect_image(container.image);
    if (!image) co_return image.error();
    container.image_volumes = std::move(image->volumes);
    std::string body = mirror_container_body(container, docker);
    auto id = co_await api.create_container(container.name, "", std::move(body));
    co_return id;
}

std::string mirror_request(const GitMirrorSource& source, bool renew) {
    const json request = {{"url", source.url},
                          {"username", source.username},
                          {"password", source.password.reveal()},
                          {"authority", source.authority},
                          {"environment", source.environment},
                          {"ref", source.ref},
                          {"depth", source.depth},
                          {"sha256", source.sha256},
                          {"renew", renew}};
    return base::dump_json(request) + "\n";
}

Result<MirrorAnswer> parse_mirror_answer(std::string_view text) {
    const json value = base::parse_foreign_json(text);
    MirrorAnswer answer;
    if (value.is_object()) answer.state = text_at(value, "state");
    if (answer.state.empty()) {
        return base::make_error(ErrorKind::kProtocol,
                                "runner-helper did not say what became of the mirror");
    }
    answer.reason = text_at(value, "reason");
    answer.bytes = unsigned_at(value, "bytes");
    answer.proof = std::chrono::milliseconds(unsigned_at(value, "proof_ms"));
    return answer;
}

Task<Result<MirrorAnswer>> run_mirror_helper(EngineApi& api, std::string container,
                                             std::vector<std::string> action, std::string request) {
    ExecSpec spec;
    spec.command = std::move(action);
    spec.command.insert(spec.command.begin(), {kHelper, "mirror"});
    // Programs of the image are not found.
    spec.environment = {std::string("PATH=") + kGitDir};
    spec.user = "0";
    auto ended = co_await run_exec(api, std::move(container), std::move(spec), std::move(request));
    if (!ended) co_return ended.error();
    if (ended->exit_code != 0) {
        co_return base::make_error(ErrorKind::kInternal, "runner-helper failed" + end_of(*ended));
    }
    auto answer = parse_mirror_answer(ended->output);
    if (!answer)
        co_return base::make_error(answer.error().kind, answer.error().message + end_of(*ended));
    co_return answer;
}

}  // namespace executors::docker
