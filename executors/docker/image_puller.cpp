#include "executors/docker/image_puller.hpp"

#include <utility>
#include <vector>

#include "base/strings.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/pull_hint.hpp"
#include "executors/docker/pull_sources.hpp"

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

base::Error final_error(const std::string& image, const std::vector<std::string>& policies,
                        const base::Error& last, const std::vector<RegistrySettings>& registries) {
    base::Error error = classified(last);
    // Such a kind comes from an HTTP status of the engine, and says nothing of the cause.
    if (is_engine_answer(error)) error.kind = kind_of(*error.pull_failure);
    // The registry could not be reached; otherwise it answered that it has no such image.
    const bool unreachable = error.pull_failure != base::PullFailure::kConfiguration;
    const std::string hint = unreachable ? pull_hint(image, registries) : std::string();
    if (!hint.empty()) error.message += ". " + hint;
    return error.with_context("failed to pull image \"" + image + "\" with specified policies [" +
                              base::join(policies, " ") + "]");
}

}  // namespace

Task<Result<ImageInfo>> ImagePuller::obtain(ImageSpec image) {
    auto reference = parse_reference(image.name);
    if (!reference) {
        co_return base::make_error(ErrorKind::kConfiguration, reference.error().message);
    }
    auto policies = pull_policies(context_.docker, image.name, image.pull_policies);
    if (!policies) co_return policies.error();
    context_.log.print("Using effective pull policy of [" + base::join(*policies, " ") +
                       "] for container " + image.name);
    base::Error last;
    for (std::size_t i = 0; i < policies->size(); ++i) {
        const std::string policy = (*policies)[i];
        if (i > 0) {
            context_.log.notice("Attempt #" + std::to_string(i + 1) + ": Trying \"" + policy +
                                "\" pull policy");
        }
        auto found = co_await obtain_by(image, policy, i > 0);
        if (found) {
            const std::string digest =
                found->repo_digests.empty() ? "" : " with digest " + found->repo_digests.front();
            context_.log.print("Using docker image " + found->id + " for " + image.name + digest +
                               " ...");
            done_[image.platform + " " + image.name] = *found;
            context_.engine.usage().use_image(context_.objects.base, found->id);
            co_return std::move(found);
        }
        if (found.error().is(ErrorKind::kCancelled)) co_return found.error();
        last = found.error();
        context_.log.warning("Failed to pull image with policy \"" + policy +
                             "\": " + last.message);
    }
    co_return final_error(image.name, *policies, last, auth_.registries());
}

Task<Result<ImageInfo>> ImagePuller::find_local(const ImageSpec& image,
                                                const DockerReference& reference) {
    auto local = co_await context_.api().inspect_image(image.name);
    if (local || !local.error().is(ErrorKind::kNotFound) || reference.digest.empty()) {
        co_return std::move(local);
    }
    for (const auto& registry : context_.registries) {
        if (!is_mirror_of(registry, reference.host)) continue;
        std::string name = registry.host + "/" + reference.path + "@" + reference.digest;
        auto found = co_await context_.api().inspect_image(std::move(name));
        if (found) co_return std::move(found);
    }
    co_return std::move(local);
}

Task<Result<ImageInfo>> ImagePuller::obtain_by(ImageSpec image, std::string policy, bool again) {
    if (const auto known = done_.find(image.platform + " " + image.name); known != done_.end()) {
        co_return known->second;
    }
    const auto reference = parse_reference(image.name);
    auto local = co_await find_local(image, *reference);
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
    if (usable && reference->is_id) co_return std::move(local);
    if (usable && policy == "if-not-present") {
        context_.log.print(
            "Using locally found image version due to \"if-not-present\" pull policy");
        note_use(image, *local);
        co_return std::move(local);
    }
    std::string former = local ? local->id : "";
    auto pulled = co_await pull(image, std::move(former), policy == "always", again);
    if (pulled) context_.engine.refresh().pulled(image.name);
    co_return pulled;
}

void ImagePuller::note_use(const ImageSpec& image, const ImageInfo& local) {
    const auto period = context_.docker.refresh_after;
    if (period <= std::chrono::nanoseconds(0) || !image.platform.empty()) return;
    if (!is_named_by_administrator(image.name, context_.docker, context_.dind)) return;
    context_.engine.refresh().used(
        {.image = image.name, .id = local.id, .registries = context_.registries, .period = period});
}

Task<Result<ImageInfo>> ImagePuller::pull(const ImageSpec& image, std::string former_id, bool fresh,
                                          bool again) {
    auto known = co_await auth_.get();
    if (!known) co_return known.error();
    const auto reference = parse_reference(image.name);
    PullRequest request = make_pull_request(image.name, *reference, context_.registries, **known);
    request.platform = image.platform;
    request.fresh = fresh;
    request.again = again;
    request.former_id = std::move(former_id);
    request.job = context_.job.job_id;
    if (const auto found = (*known)->find(image.name)) {
        context_.log.print("Authenticating with credentials from " + found->source);
    }
    const Waiting waiting(context_.log, "the image " + image.name);
    const PreparationSteps::Step step(context_.steps, "pulling_image");
    auto pulled =
        co_await context_.engine.pulls().pull(std::move(request), context_.log, context_.steps);
    co_return pulled;
}

}  // namespace executors::docker
