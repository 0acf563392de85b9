#include "executors/docker/git_mirrors.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/size_text.hpp"
#include "base/version.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/fill_containers.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

constexpr std::chrono::seconds kFillLimit{540};
constexpr std::chrono::minutes kPause{10};
constexpr std::size_t kMostTried = 500;
constexpr std::chrono::seconds kSlowClone{5};
constexpr std::uint64_t kLargeClone = 50'000'000;
/// What a mirror lacked.
constexpr std::uint64_t kLargeRest = 10'000'000;
constexpr std::size_t kMaxAnswer = 4096;

/// One for all daemons of the engine, which refuses a second container of this name.
std::string container_name(const std::string& volume) { return volume + "-fill-1"; }

std::map<std::string, std::string> volume_labels(const GitMirrors::Filling& filling) {
    auto labels = filling.labels;
    labels[label_name("type")] = "git-mirror";
    labels[label_name("destination")] = filling.source.url;
    labels[label_name("reusable")] = "true";
    return labels;
}

MirrorContainer fill_container(const GitMirrors::Filling& filling, std::string helper_volume) {
    MirrorContainer container;
    container.name = container_name(filling.source.volume);
    container.image = filling.image;
    container.helper_volume = std::move(helper_volume);
    container.mirror_bind = filling.source.volume + ":" + kMirrorDir;
    container.labels = {{kHelperLabel, std::string(base::version())},
                        {label_name("type"), "git-mirror"}};
    container.limit = kFillLimit;
    return container;
}

/// "container:…" is the network of another one, whose owner is not known here.
bool is_own_network(const std::string& mode) { return mode.starts_with("container:"); }

}  // namespace

MirrorFilling filling_after(GitMirrorMode mode, const GitClone& clone, std::uint64_t seed_bytes) {
    if (mode == GitMirrorMode::kOff) return MirrorFilling::kNone;
    if (clone.from == GitClone::From::kDamagedMirror) return MirrorFilling::kRenew;
    if (clone.from == GitClone::From::kMirror) {
        const auto rest = clone.bytes - std::min(clone.bytes, seed_bytes);
        return rest >= kLargeRest ? MirrorFilling::kUpdate : MirrorFilling::kNone;
    }
    const bool costly = clone.duration >= kSlowClone && clone.bytes >= kLargeClone;
    return costly || mode == GitMirrorMode::kOn ? MirrorFilling::kUpdate : MirrorFilling::kNone;
}

std::string mirror_container_body(const MirrorContainer& container, const DockerSettings& docker) {
    std::vector<std::string> binds{container.helper_volume + ":/.runner:ro", container.mirror_bind};
    if (!container.builds_bind.empty()) binds.push_back(container.builds_bind);
    json host = {{"Binds", binds},
                 {"CpuShares", 128},
                 {"ExtraHosts", docker.extra_hosts},
                 {"Dns", docker.dns},
                 {"DnsSearch", docker.dns_search}};
    if (!docker.network_mode.empty() && !is_own_network(docker.network_mode)) {
        host["NetworkMode"] = docker.network_mode;
    }
    if (!docker.userns_mode.empty()) host["UsernsMode"] = docker.userns_mode;
    const std::string seconds = std::to_string(container.limit.count());
    return json{{"Image", container.image},
                {"Entrypoint", {kHelper}},
                {"Cmd", {"mirror", "wait", seconds}},
                {"User", "0"},
                {"WorkingDir", "/"},
                {"Labels", container.labels},
                {"HostConfig", std::move(host)}}
        .dump();
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
    const auto bytes = value.find("bytes");
    if (bytes != value.end() && bytes->is_number_unsigned()) answer.bytes = *bytes;
    return answer;
}

Task<Result<MirrorAnswer>> run_mirror_helper(EngineApi& api, std::string container,
                                             std::vector<std::string> action, std::string request) {
    ExecSpec spec;
    spec.command = std::move(action);
    spec.command.insert(spec.command.begin(), {kHelper, "mirror"});
    spec.environment = {std::string("PATH=") + kGitDir + ":/usr/bin:/bin"};
    spec.user = "0";
    spec.input = true;
    auto opened = co_await open_exec(api, std::move(container), std::move(spec));
    if (!opened) co_return opened.error();
    auto& stream = **opened;
    auto written = co_await stream.write_all(request);
    if (!written) co_return written.error();
    std::string answer;
    std::array<char, 1024> buffer{};
    const std::span<char> target(buffer);
    while (answer.size() < kMaxAnswer) {
        auto got = co_await stream.read_some(target);
        if (!got) co_return got.error();
        if (*got == 0) break;
        answer.append(buffer.data(), *got);
    }
    co_return parse_mirror_answer(answer);
}

void GitMirrors::fill_later(Filling filling) {
    const auto now = std::chrono::steady_clock::now();
    const std::string& volume = filling.source.volume;
    if (background_ == nullptr || busy_ || stop_.requested()) return;
    const auto last = tried_.find(volume);
    if (last != tried_.end() && now - last->second < kPause) return;
    if (tried_.size() >= kMostTried) tried_.clear();
    tried_[volume] = now;
    busy_ = true;
    background_->spawn("git mirror", fill_and_report(std::move(filling)));
}

Task<void> GitMirrors::fill_and_report(Filling filling) {
    const std::string volume = filling.source.volume;
    const std::string url = filling.source.url;
    usage_.use_volume(container_name(volume), volume);
    // A cancelled coroutine could not await the removal of the container any more: stop() ends it.
    auto work = fill(std::move(filling));
    const auto grace = std::chrono::duration_cast<std::chrono::milliseconds>(kFillLimit);
    auto filled = co_await run_uncancelled(std::move(work), grace);
    usage_.release(container_name(volume));
    busy_ = false;
    if (filled || filled.error().is(ErrorKind::kCancelled)) co_return;
    base::log::warning("The git mirror could not be filled: jobs clone from the server",
                       {{"url", url}, {"volume", volume}, {"error", filled.error().message}});
}

Task<Result<void>> GitMirrors::fill(Filling filling) {
    // One that a killed daemon has left would keep the name.
    auto swept = co_await remove_fill_containers(api_, kPause);
    if (!swept) co_return swept.error();
    auto programs = co_await programs_.obtain(filling.image, filling.architecture);
    if (!programs) co_return programs.error();
    auto git = co_await programs_.add_git(filling.image, filling.architecture);
    if (!git) co_return git.error();
    const json volume = {{"Name", filling.source.volume}, {"Labels", volume_labels(filling)}};
    auto made = co_await api_.create_volume(volume.dump());
    if (!made) co_return made.error();
    const MirrorContainer container = fill_container(filling, *programs);
    std::string body = mirror_container_body(container, filling.docker);
    auto id = co_await api_.create_container(container.name, "", std::move(body));
    // Another daemon is filling it.
    if (!id && id.error().is(ErrorKind::kConflict)) co_return Result<void>();
    if (!id) co_return id.error();
    const std::string volume_name = filling.source.volume;
    const std::string url = filling.source.url;
    const auto deadline = std::chrono::steady_clock::now() + kFillLimit;
    auto work = start_and_fill(*id, std::move(filling));
    auto answer = co_await base::run_stoppable(&stop_, std::move(work), deadline);
    auto removed = co_await api_.remove_container(*id, false);
    if (!answer) co_return answer.error();
    if (answer->state == "done") {
        base::log::info(
            "A git mirror is filled: first clones copy from it",
            {{"url", url}, {"volume", volume_name}, {"size", base::size_text(answer->bytes)}});
    }
    co_return removed;
}

Task<Result<MirrorAnswer>> GitMirrors::start_and_fill(std::string container, Filling filling) {
    auto started = co_await api_.start_container(container);
    if (!started) co_return started.error();
    std::vector<std::string> action{"fill", "--volume", kMirrorDir};
    auto answer = co_await run_mirror_helper(api_, std::move(container), std::move(action),
                                             mirror_request(filling.source, filling.renew));
    co_return answer;
}

}  // namespace executors::docker
