#include "executors/docker/engine_data.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/json.hpp"
#include "base/stop_source.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/preload.hpp"
#include "executors/docker/run_uncancelled.hpp"
#include "executors/docker/warm_pool.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;

namespace {

/// A little more than runner-helper gives itself.
constexpr std::chrono::seconds kTidyLimit{5};
/// How long the end of a container that has the data is waited for.
constexpr std::chrono::seconds kEndLimit{2};
/// Reading one small file of a container that runs.
constexpr std::chrono::seconds kReadLimit{5};
/// A little more than runner-helper gives itself.
constexpr std::chrono::seconds kUntagLimit{25};

Task<Result<void>> run_helper(EngineApi& api, std::string container, ExecSpec spec) {
    const std::string action = spec.command.at(1);
    auto ran = co_await run_exec(api, std::move(container), std::move(spec));
    if (!ran) co_return ran.error();
    if (ran->exit_code == 0) co_return Result<void>();
    co_return base::make_error(base::ErrorKind::kUnavailable,
                               "runner-helper " + action + " ended with exit code " +
                                   std::to_string(ran->exit_code) + ": " + ran->errors);
}

/// Answers what went wrong, "" when the names are gone.
Task<std::string> untag_images(EngineApi& api, std::string container) {
    ExecSpec spec;
    spec.command = {kHelper, "untag-images"};
    spec.user = "0";
    auto work = run_helper(api, std::move(container), std::move(spec));
    auto done = co_await base::with_deadline<void>(std::move(work), kUntagLimit);
    std::string problem;
    if (!done) problem = done.error().message;
    co_return problem;
}

}  // namespace

void EngineData::tell(const std::string& reason) const {
    if (!reason.empty()) context_.log.print("Inner engine: cold, because " + reason);
}

Task<Result<void>> EngineData::make(std::vector<std::string> binds) {
    const auto no = why_no_data(context_.job, context_.docker, context_.dind, binds);
    tell(no.reason);
    if (no.none) co_return Result<void>();
    const std::string name = data_volume_name(context_.job);
    auto user = co_await claim(name);
    if (!user) {
        give_up();
        co_return user.error();
    }
    if (!user->empty()) {
        give_up();
        const std::string reason = "the container " + *user + " uses the data of this slot";
        if (context_.held) co_return make_error(ErrorKind::kConflict, reason);
        tell(reason);
        co_return Result<void>();
    }
    auto making = make_volume(name);
    auto made = co_await run_uncancelled(std::move(making));
    if (!made) give_up();
    co_return made;
}

Task<Result<std::string>> EngineData::claim(std::string name) {
    context_.objects.data_volume = name;
    const auto leaving = co_await claim_from_pool(name);
    auto users = co_await list_others(name, leaving);
    if (users && !users->empty()) {
        // The engine may still count a container that was killed a moment ago.
        auto ending = context_.api().wait_container(users->front().id);
        auto ended = co_await base::with_deadline<int>(std::move(ending), kEndLimit);
        if (!ended && ended.error().is(ErrorKind::kCancelled)) co_return ended.error();
        users = co_await list_others(name, leaving);
    }
    if (!users) co_return users.error();
    co_return users->empty() ? std::string() : users->front().name;
}

Task<std::vector<std::string>> EngineData::claim_from_pool(std::string name) {
    if (context_.pool == nullptr) co_return std::vector<std::string>();
    auto leaving = co_await context_.pool->claim_data(std::move(name));
    co_return std::move(leaving);
}

Task<Result<std::vector<Listed>>> EngineData::list_others(const std::string& name,
                                                          const std::vector<std::string>& leaving) {
    auto users = co_await context_.api().list_users_of_volume(name);
    if (!users) co_return users;
    const auto is_leaving = [&](const Listed& user) {
        return std::any_of(leaving.begin(), leaving.end(), [&](const std::string& container) {
            return container == user.id || container == user.name;
        });
    };
    std::erase_if(*users, is_leaving);
    co_return users;
}

void EngineData::give_up() {
    const std::string name = std::exchange(context_.objects.data_volume, {});
    if (context_.pool != nullptr) context_.pool->release_data(name);
}

Task<Result<void>> EngineData::make_volume(std::string name) {
    auto exists = co_await context_.api().has_volume(name);
    if (!exists) co_return exists.error();
    context_.engine.usage().use_volume(context_.objects.base, name);
    auto made = co_await context_.api().create_volume(volume_body(name));
    if (!made) co_return made;
    data_.volume = name;
    data_.is_new = !*exists;
    if (context_.objects.builder) data_.inner_volume = builder_container(context_.dind) + "_state";
    data_.revalidates = context_.revalidates;
    data_.own_images = context_.dind.preload_images;
    data_.own_images.push_back(builder_image_name(context_.dind));
    co_return Result<void>();
}

/// The local driver, also where the configuration names another one for caches: an engine needs a
/// file system of this machine.
std::string EngineData::volume_body(const std::string& name) const {
    auto labels = context_.job.labels;
    labels[label_name("type")] = "data";
    labels[label_name("destination")] = kDataRoot;
    labels[label_name("protected")] = context_.job.protected_ref ? "true" : "false";
    labels[label_name("reusable")] = "true";
    return nlohmann::json{{"Name", name}, {"Labels", labels}}.dump();
}

Task<Result<void>> tidy_data(EngineApi& api, const JobObjects& objects,
                             const DindSettings& settings, DataTidying how) {
    if (objects.data_volume.empty() || objects.engine_container.empty()) co_return Result<void>();
    ExecSpec spec;
    spec.command = {kHelper, "tidy-data", "--root", kDataRoot};
    if (objects.builder) {
        spec.command.emplace_back("--builder");
        spec.command.push_back(builder_container(settings));
    }
    if (how == DataTidying::kLeast) spec.command.emplace_back("--least");
    if (how == DataTidying::kInterrupted) spec.command.emplace_back("--interrupted");
    spec.user = "0";
    auto work = run_helper(api, objects.engine_container, std::move(spec));
    auto done = co_await base::with_deadline<void>(std::move(work), kTidyLimit);
    co_return done;
}

Task<std::string> finish_data(EngineApi& api, JobObjects& objects) {
    if (!objects.data_line.empty()) co_return objects.data_line;
    if (objects.data_volume.empty() || objects.engine_container.empty()) co_return std::string();
    auto reading = api.read_file(objects.engine_container, kDataOutcome);
    auto text =
        co_await base::with_deadline<std::optional<std::string>>(std::move(reading), kReadLimit);
    if (!text || !*text) co_return std::string();
    std::string line = data_line(**text);
    if (has_names_left(**text)) {
        auto problem = co_await untag_images(api, objects.engine_container);
        if (!problem.empty()) {
            line += "; images of registries are not asked for again: " + problem;
            co_return in_one_line(line);
        }
    }
    objects.data_line = line;
    co_return std::move(line);
}

}  // namespace executors::docker
