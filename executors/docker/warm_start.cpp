#include "executors/docker/warm_start.hpp"

#include <chrono>
#include <utility>

#include "executors/docker/labels.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

std::string runner_of(const JobEnvironment& job) {
    const auto found = job.labels.find(label_name("runner.id"));
    return found == job.labels.end() ? std::string() : found->second;
}

}  // namespace

Task<Result<bool>> WarmStart::try_take(Preparation& preparation, PreparationContext context) {
    need_.reset();
    connection_.reset();
    if (!pool_ || context.docker.warm == 0) co_return false;
    // A job that lost its container goes on with the volumes that it has.
    if (!context.objects.volume_base.empty()) co_return false;
    std::string runner = runner_of(context.job);
    if (!is_warmable(context.job, context.docker, context.dind)) {
        pool_->note_unsuitable(runner);
        co_return false;
    }
    auto looked = co_await preparation.look();
    if (!looked) co_return looked.error();
    auto need = preparation.need();
    if (!need) co_return need.error();
    if (!may_wait(*need, context.docker)) {
        pool_->note_unsuitable(runner);
        co_return false;
    }
    need_ = std::make_unique<WarmNeed>(*need);
    auto taking = pool_->take(std::move(runner), std::move(*need));
    auto taken = co_await std::move(taking);
    if (!taken.lost.empty()) {
        context.log.print(
            "This job starts cold: the environment that was ready for it is of no use, " +
            taken.lost);
    }
    auto environment = std::move(taken.environment);
    if (!environment) co_return false;
    context.objects = std::move(environment->objects);
    connection_ = std::move(environment->connection);
    environment->lines.replay(context.log);
    auto completed = co_await preparation.complete();
    if (!completed) co_return completed.error();
    co_return true;
}

void WarmStart::note_prepared(const PreparationContext& context) {
    if (!need_) return;
    auto recipe = make_recipe(engine_, context.docker, context.dind, context.registries,
                              context.job, std::move(*std::exchange(need_, nullptr)));
    job_ = pool_->began(runner_of(context.job), std::move(recipe));
}

void WarmStart::ended(const std::string& data) {
    if (pool_ && !data.empty()) pool_->release_data(data);
    if (job_ != 0) pool_->ended(std::exchange(job_, 0));
}

}  // namespace executors::docker
