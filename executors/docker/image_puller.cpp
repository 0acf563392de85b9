#include "executors/docker/image_puller.hpp"

#include <cstdint>
#include <utility>

#include "base/random.hpp"
#include "base/strings.hpp"
#include "executors/docker/docker_reference.hpp"
#include "executors/docker/engine_messages.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/pull_hint.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

/// Whether an image of the engine is of the platform that the job asks for.
bool fits_platform(const ImageInfo& image, const std::string& platform) {
    if (platform.empty()) return true;
    const auto parts = base::split(platform, '/');
    return parts.size() < 2 || (image.os == parts[0] && image.architecture == parts[1]);
}

ErrorKind kind_of(base::PullFailure failure) {
    switch (failure) {
        case base::PullFailure::kConfiguration: return ErrorKind::kConfiguration;
        case base::PullFailure::kExternal: return ErrorKind::kUnavailable;
        case base::PullFailure::kOther: break;
    }
    return ErrorKind::kNotFound;
}

/// Whether the kind comes from an HTTP status of the engine, so that it says nothing of the cause.
bool is_answer(ErrorKind kind) {
    return kind == ErrorKind::kInternal || kind == ErrorKind::kNotFound ||
           kind == ErrorKind::kForbidden || kind == ErrorKind::kUnauthorized ||
           kind == ErrorKind::kInvalidInput;
}

base::Error classified(base::Error error) {
    if (!error.pull_failure) error.pull_failure = classify_pull_failure(error.message);
    return error;
}

base::Error final_error(const std::string& image, const std::vector<std::string>& policies,
                        const base::Error& last, const std::vector<RegistrySettings>& registries) {
    base::Error error = classified(last);
    if (is_answer(error.kind)) error.kind = kind_of(*error.pull_failure);
    // The registry could not be reached; otherwise it answered that it has no such image.
    const bool unreachable = error.pull_failure != base::PullFailure::kConfiguration;
    const std::string hint = unreachable ? pull_hint(image, registries) : std::string();
    if (!hint.empty()) error.message += ". " + hint;
    return error.with_context("failed to pull image \"" + image + "\" with specified policies [" +
                              base::join(policies, " ") + "]");
}

}  // namespace

ImagePuller::ImagePuller(EngineApi& api, const DockerSettings& settings, JobRegistryAuth& auth,
                         JobLog& log, PreparationSteps& steps, PullRetries retries)
    : api_(api), settings_(settings), auth_(auth), log_(log), steps_(steps), retries_(retries) {}

void ImagePuller::record_uses(EngineUsage& usage, std::string user) {
    usage_ = &usage;
    user_ = std::move(user);
}

Task<Result<ImageInfo>> ImagePuller::obtain(ImageSpec image) {
    auto reference = parse_reference(image.name);
    if (!reference) {
        co_return base::make_error(ErrorKind::kConfiguration, reference.error().message);
    }
    auto policies = pull_policies(settings_, image.name, image.pull_policies);
    if (!policies) co_return policies.error();
    log_.print("Using effective pull policy of [" + base::join(*policies, " ") +
               "] for container " + image.name);
    base::Error last;
    for (std::size_t i = 0; i < policies->size(); ++i) {
        const std::string policy = (*policies)[i];
        if (i > 0) {
            log_.notice("Attempt #" + std::to_string(i + 1) + ": Trying \"" + policy +
                        "\" pull policy");
        }
        auto found = co_await obtain_by(image, policy);
        if (found) {
            const std::string digest =
                found->repo_digests.empty() ? "" : " with digest " + found->repo_digests.front();
            log_.print("Using docker image " + found->id + " for " + image.name + digest + " ...");
            done_[image.platform + " " + image.name] = *found;
            if (usage_ != nullptr) usage_->use_image(user_, found->id);
            co_return std::move(found);
        }
        if (found.error().is(ErrorKind::kCancelled)) co_return found.error();
        last = found.error();
        log_.warning("Failed to pull image with policy \"" + policy + "\": " + last.message);
    }
    co_return final_error(image.name, *policies, last, auth_.registries());
}

Task<Result<ImageInfo>> ImagePuller::obtain_by(ImageSpec image, std::string policy) {
    if (const auto known = done_.find(image.platform + " " + image.name); known != done_.end()) {
        co_return known->second;
    }
    auto local = co_await api_.inspect_image(image.name);
    if (!local && !local.error().is(ErrorKind::kNotFound)) co_return local.error();
    const bool usable = local && fits_platform(*local, image.platform);
    if (policy == "never") {
        if (usable) co_return std::move(local);
        auto missing =
            base::make_error(ErrorKind::kNotFound,
                             "Error response from daemon: No such image: " + image.name +
                                 " (not found on the engine, and the policy is never to pull)");
        missing.pull_failure = base::PullFailure::kConfiguration;
        co_return missing;
    }
    const auto reference = parse_reference(image.name);
    if (usable && reference->is_id) co_return std::move(local);
    if (usable && policy == "if-not-present") {
        log_.print("Using locally found image version due to \"if-not-present\" pull policy");
        co_return std::move(local);
    }
    auto pulled = co_await pull(image);
    if (!pulled) co_return pulled.error();
    auto found = co_await api_.inspect_image(image.name);
    const bool is_new = found && (!local || local->id != found->id);
    if (is_new && usage_ != nullptr) usage_->note_pull(found->id, image.name);
    co_return std::move(found);
}

Task<Result<void>> ImagePuller::pull(const ImageSpec& image) {
    auto known = co_await auth_.get();
    if (!known) co_return known.error();
    base::Secret header;
    if (const auto found = (*known)->find(image.name)) {
        log_.print("Authenticating with credentials from " + found->source);
        header = registry_auth_header(found->credential, found->path);
    }
    const std::string platform = image.platform.empty() ? "" : " for platform " + image.platform;
    log_.print("Pulling docker image " + image.name + platform + " ...");
    const Waiting waiting(log_, "the image " + image.name);
    const auto reference = parse_reference(image.name);
    const PreparationSteps::Step step(steps_, "pulling_image");
    const auto begin = std::chrono::steady_clock::now();
    auto pulled =
        co_await pull_with_retries(reference->name, reference->pull_tag(), image.platform, header);
    const auto time = std::chrono::steady_clock::now() - begin;
    const bool stopped = !pulled && pulled.error().is(ErrorKind::kCancelled);
    if (!stopped) {
        steps_.pulled({.done = pulled.has_value(),
                       .duration = std::chrono::duration_cast<std::chrono::microseconds>(time),
                       .bytes = pulled ? *pulled : 0});
    }
    if (!pulled) co_return pulled.error();
    co_return Result<void>();
}

Task<Result<std::uint64_t>> ImagePuller::pull_with_retries(std::string name, std::string tag,
                                                           std::string platform,
                                                           base::Secret auth) {
    for (int attempt = 1;; ++attempt) {
        auto pulled = co_await api_.pull_image(name, tag, platform, auth);
        if (pulled) co_return pulled;
        const base::Error error = classified(pulled.error());
        if (error.is(ErrorKind::kCancelled) || attempt == retries_.tries ||
            error.pull_failure != base::PullFailure::kExternal) {
            co_return error;
        }
        const auto pause = random_pause();
        log_.warning("Pulling " + name + " failed (" + error.message + "), retrying in " +
                     std::to_string((pause.count() + 999) / 1000) + "s");
        auto slept = co_await base::sleep_for(pause);
        if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped");
    }
}

std::chrono::milliseconds ImagePuller::random_pause() const {
    const auto spread = (retries_.longest_pause - retries_.shortest_pause).count();
    return retries_.shortest_pause + std::chrono::milliseconds(static_cast<std::int64_t>(
                                         base::random_unit() * static_cast<double>(spread)));
}

}  // namespace executors::docker
