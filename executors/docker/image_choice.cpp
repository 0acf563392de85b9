#include "executors/docker/image_choice.hpp"

#include <utility>

#include "executors/docker/image_rules.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;

Result<ImageChoice> choose_image(const JobEnvironment& job, const DockerSettings& docker,
                                 const DindSettings& dind, JobLog& log) {
    ImageChoice choice;
    if (job.image) choice.image = *job.image;
    const bool use_default = choice.image.name.empty();
    if (use_default) choice.image.name = job.default_image;
    const std::string& name = choice.image.name;
    if (name.empty()) {
        return make_error(
            ErrorKind::kConfiguration,
            "no Docker image specified to run the build in: name one with `image:` in "
            "the job, or as `image` in [runners.docker]");
    }
    auto valid = check_image_name(name);
    if (!valid) return valid.error();
    log.print("Using Docker executor with image " + name + " ...");
    if (use_default) log.notice("Using default image");
    auto allowed = check_allowed(name, "images", docker.allowed_images, {job.default_image});
    if (!allowed) return allowed.error();
    auto user = choose_user(docker, choice.image.user);
    if (!user) return user.error();
    choice.user = std::move(*user);
    if (choice.image.entrypoint && docker.disable_entrypoint_overwrite) {
        log.warning("Entrypoint override disabled");
        choice.image.entrypoint.reset();
    }
    choice.privileged =
        docker.privileged && privileged_allowed(name, docker.allowed_privileged_images);
    if (dind.mode == DindMode::kOn && !choice.privileged) {
        return make_error(ErrorKind::kConfiguration,
                          "[runners.dind] mode = \"on\" needs a privileged container: set "
                          "`privileged = true` in [runners.docker], and allow the image \"" +
                              name + "\" in allowed_privileged_images if there is a list");
    }
    return choice;
}

bool is_engine_image(const ImageChoice& choice, const ImageInfo& image) {
    const auto& own = choice.image.entrypoint;
    return own ? starts_engine(*own, {}) : starts_engine(image.entrypoint, image.command);
}

InnerEngine choose_inner_engine(const DindSettings& dind, const ImageChoice& choice,
                                const ImageInfo& image, const OtherEngines& others) {
    const bool engine_image = choice.privileged && is_engine_image(choice, image);
    if (dind.mode == DindMode::kOff || (dind.mode == DindMode::kAuto && !engine_image)) {
        return InnerEngine::kNone;
    }
    if (others.socket) return InnerEngine::kHost;
    if (others.service) return InnerEngine::kService;
    return engine_image ? InnerEngine::kBuildContainer : InnerEngine::kSidecar;
}

std::string unprivileged_reason(const DockerSettings& docker, const DindSettings& dind,
                                const ImageChoice& choice, const ImageInfo& image) {
    if (dind.mode == DindMode::kOff || choice.privileged || !is_engine_image(choice, image)) {
        return {};
    }
    return "The image " + choice.image.name +
           " starts a Docker engine, but its container is not privileged: no engine runs in it. " +
           (docker.privileged ? "Allow the image in allowed_privileged_images of [runners.docker]"
                              : "Set `privileged = true` in [runners.docker]");
}

bool runs_as_root(const ImageChoice& choice, const ImageInfo& image) {
    const std::string& user = choice.user.empty() ? image.user : choice.user;
    const std::string name = user.substr(0, user.find(':'));
    return name.empty() || name == "root" || name == "0";
}

}  // namespace executors::docker
