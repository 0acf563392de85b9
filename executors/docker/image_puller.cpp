#include "executors/docker/image_puller.hpp"

#include <cstdlib>
#include <utility>

#include "base/random.hpp"
#include "base/strings.hpp"
#include "executors/docker/docker_reference.hpp"
#include "executors/docker/image_rules.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr int kPullTries = 3;

std::chrono::milliseconds pull_backoff() {
    return std::chrono::milliseconds(2000 + static_cast<int>(base::random_unit() * 8000));
}

/// Sets a flag for the time of a scope, also when it is left by cancellation.
class Running {
  public:
    Running(bool& flag, base::Notifier& changed) : flag_(flag), changed_(changed) { flag_ = true; }
    ~Running() {
        flag_ = false;
        changed_.notify_all();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

  private:
    bool& flag_;
    base::Notifier& changed_;
};

/// An image on the engine with another platform than the one asked for is not the one asked for.
bool fits_platform(const ImageFacts& facts, const std::string& platform) {
    if (platform.empty()) return true;
    const auto parts = base::split(platform, '/');
    return parts.size() < 2 || (facts.os == parts[0] && facts.architecture == parts[1]);
}

}  // namespace

ImagePuller::ImagePuller(const boost::asio::any_io_executor& executor, EngineApi& api,
                         const DockerSettings& settings,
                         const std::vector<RegistrySettings>& registries, const JobEnvironment& job,
                         JobLog& log)
    : api_(api),
      settings_(settings),
      registries_(registries),
      job_(job),
      log_(log),
      auth_changed_(executor) {}

Task<Result<const RegistryAuth*>> ImagePuller::auth() {
    while (auth_running_) {
        co_await auth_changed_.wait();
    }
    if (!auth_known_) {
        Running running(auth_running_, auth_changed_);
        const char* home = std::getenv("HOME");
        const std::string folder = home != nullptr ? home : "";
        auto collected = co_await collect_registry_auth(job_, registries_, folder, log_);
        if (!collected) co_return collected.error();
        auth_ = std::move(*collected);
        auth_known_ = true;
    }
    const RegistryAuth* known = &auth_;
    co_return known;
}

Task<Result<ImageFacts>> ImagePuller::obtain(ImageSpec image) {
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
        auto facts = co_await obtain_by(image, policy);
        if (facts) {
            const std::string digest =
                facts->repo_digests.empty() ? "" : " with digest " + facts->repo_digests.front();
            log_.print("Using docker image " + facts->id + " for " + image.name + digest + " ...");
            done_[image.platform + " " + image.name] = *facts;
            co_return std::move(facts);
        }
        if (facts.error().is(ErrorKind::kCancelled)) co_return facts.error();
        last = facts.error();
        log_.warning("Failed to pull image with policy \"" + policy + "\": " + last.message);
    }
    co_return final_error(image, *policies, last);
}

base::Error ImagePuller::final_error(const ImageSpec& image,
                                     const std::vector<std::string>& policies,
                                     const base::Error& last) const {
    base::Error error = last;
    if (error.is(ErrorKind::kInternal) || error.is(ErrorKind::kNotFound) ||
        error.is(ErrorKind::kForbidden) || error.is(ErrorKind::kUnauthorized) ||
        error.is(ErrorKind::kInvalidInput)) {
        error.kind = classify_pull_failure(last.message);
    }
    return error.with_context("failed to pull image \"" + image.name +
                              "\" with specified policies [" + base::join(policies, " ") + "]");
}

Task<Result<ImageFacts>> ImagePuller::obtain_by(ImageSpec image, std::string policy) {
    if (const auto known = done_.find(image.platform + " " + image.name); known != done_.end()) {
        co_return known->second;
    }
    auto local = co_await api_.inspect_image(image.name);
    if (!local && !local.error().is(ErrorKind::kNotFound)) co_return local.error();
    const bool usable = local && fits_platform(*local, image.platform);
    if (policy == "never") {
        if (usable) co_return std::move(local);
        co_return base::make_error(
            ErrorKind::kNotFound,
            "Error response from daemon: No such image: " + image.name +
                " (not found on the engine, and the policy is never to pull)");
    }
    const auto reference = parse_reference(image.name);
    if (usable && reference->is_id) co_return std::move(local);
    if (usable && policy == "if-not-present") {
        log_.print("Using locally found image version due to \"if-not-present\" pull policy");
        co_return std::move(local);
    }
    auto pulled = co_await pull(image);
    if (!pulled) co_return pulled.error();
    auto facts = co_await api_.inspect_image(image.name);
    co_return std::move(facts);
}

Task<Result<void>> ImagePuller::pull(const ImageSpec& image) {
    auto known = co_await auth();
    if (!known) co_return known.error();
    base::Secret header;
    if (const auto found = (*known)->find(image.name)) {
        log_.print("Authenticating with credentials from " + found->source);
        header = registry_auth_header(found->credential, found->path);
    }
    const std::string platform = image.platform.empty() ? "" : " for platform " + image.platform;
    log_.print("Pulling docker image " + image.name + platform + " ...");
    const auto reference = parse_reference(image.name);
    auto pulled =
        co_await pull_with_retries(reference->name, reference->pull_tag(), image.platform, header);
    co_return pulled;
}

Task<Result<void>> ImagePuller::pull_with_retries(std::string name, std::string tag,
                                                  std::string platform, base::Secret auth) {
    for (int attempt = 1;; ++attempt) {
        auto pulled = co_await api_.pull_image(name, tag, platform, auth);
        if (pulled || pulled.error().is(ErrorKind::kCancelled) || attempt == kPullTries ||
            classify_pull_failure(pulled.error().message) != ErrorKind::kUnavailable) {
            co_return pulled;
        }
        const auto delay = pull_backoff();
        log_.warning("Pulling " + name + " failed (" + pulled.error().message + "), retrying in " +
                     std::to_string((delay.count() + 999) / 1000) + "s");
        auto slept = co_await base::sleep_for(delay);
        if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped");
    }
}

}  // namespace executors::docker
