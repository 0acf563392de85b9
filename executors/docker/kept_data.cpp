#include "executors/docker/kept_data.hpp"

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/image_choice.hpp"
#include "executors/docker/volumes.hpp"

namespace executors::docker {

namespace {

constexpr const char* kCold = "Inner engine: cold, because ";
constexpr std::size_t kReasonLimit = 300;
constexpr std::size_t kNodeDigits = 16;  // as many as buildx writes

}  // namespace

std::string in_one_line(const std::string& text) {
    std::string line = text.substr(0, kReasonLimit);
    for (char& c : line) {
        if (c < ' ' || c > '~') c = '?';
    }
    return line;
}

std::string data_volume_name(const JobEnvironment& job) {
    return job.volume_prefix + "-data" + (job.protected_ref ? "-protected" : "");
}

std::string build_node(const JobEnvironment& job) {
    if (job.volume_prefix.empty()) return {};
    return base::sha256_hex(data_volume_name(job)).substr(0, kNodeDigits);
}

std::string builder_container(const DindSettings& settings) {
    return "buildx_buildkit_" + settings.builder_name + "0";
}

bool asks_registry(const DockerSettings& docker) {
    return !docker.pull_policy.empty() && docker.pull_policy.front() == "always";
}

NoKeptData why_no_data(const JobEnvironment& job, const DockerSettings& docker,
                       const DindSettings& dind, const std::vector<std::string>& binds) {
    if (dind.persist == PersistData::kNone || docker.disable_cache || job.volume_prefix.empty())
        return {true, ""};
    if (job.engine_data == EngineDataWish::kNone)
        return {true, "the job's RUNNER_DIND_PERSIST is \"none\""};
    if (job.engine_data == EngineDataWish::kUnknown)
        return {true, "the job's RUNNER_DIND_PERSIST is neither \"project\" nor \"none\""};
    // A volume of the configuration for this path has its own rules.
    if (is_mounted(binds, kDataRoot) || docker.tmpfs.contains(kDataRoot)) return {true, ""};
    return {};
}

bool mount_data(const KeptData& data, const ImageInfo& image, ContainerPlan& plan) {
    if (data.volume.empty() || !runs_as_root({}, image)) return false;
    plan.binds.push_back(data.volume + ":" + kDataRoot);
    auto own = plan.entrypoint ? *plan.entrypoint : image.entrypoint;
    std::erase(own, "");
    if (!plan.command) {
        plan.command = plan.entrypoint ? std::vector<std::string>() : image.command;
    }
    plan.entrypoint = {kHelper, "enter-data", "--root", kDataRoot};
    if (!data.inner_volume.empty()) {
        plan.entrypoint->emplace_back("--keep-volume");
        plan.entrypoint->push_back(data.inner_volume);
    }
    if (data.is_new) plan.entrypoint->emplace_back("--new");
    if (data.revalidates) {
        plan.entrypoint->emplace_back("--revalidate");
        for (const auto& own_image : data.own_images) {
            plan.entrypoint->emplace_back("--own-image");
            plan.entrypoint->push_back(own_image);
        }
    }
    plan.entrypoint->emplace_back("--");
    plan.entrypoint->insert(plan.entrypoint->end(), own.begin(), own.end());
    return true;
}

bool has_names_left(const std::string& outcome) {
    const auto value = base::parse_foreign_json(outcome);
    const auto& names = base::value_at(value, "names");
    return names.is_array() && !names.empty();
}

std::string data_line(const std::string& outcome) {
    const auto value = base::parse_foreign_json(outcome);
    if (!value.is_object()) return {};
    if (value.value("warm", nlohmann::json()) == true)
        return "Inner engine: warm, with the images and build caches that its slot has kept";
    const auto reason = value.value("reason", nlohmann::json());
    return reason.is_string() ? kCold + in_one_line(reason.get<std::string>()) : std::string();
}

}  // namespace executors::docker
