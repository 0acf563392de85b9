#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_connection.hpp"
#include "executors/docker/engine_data.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/recorded_log.hpp"
#include "executors/docker/settings.hpp"
#include "executors/docker/warm_demand.hpp"
#include "executors/docker/warm_need.hpp"
#include "executors/spec.hpp"
#include "protocol/http/stream.hpp"

namespace executors::docker {

/// How an environment is made for the next job that is like a former one. A plain value.
struct WarmRecipe {
    std::shared_ptr<EngineConnection> engine;
    DockerSettings docker;
    DindSettings dind;
    std::vector<RegistrySettings> registries;
    JobEnvironment job;  ///< of the former job, without what belongs to that job alone
    WarmNeed need;
    bool revalidates = false;  ///< PreparationContext::revalidates
};

/// A recipe of a job: without its secrets, its labels and its own variables.
WarmRecipe make_recipe(std::shared_ptr<EngineConnection> engine, const DockerSettings& docker,
                       const DindSettings& dind, const std::vector<RegistrySettings>& registries,
                       const JobEnvironment& job, WarmNeed need);

/// An environment that is ready for a job.
struct WarmEnvironment {
    JobObjects objects;
    /// To the program in its container that waits for the job's variables.
    std::unique_ptr<protocol::http::ByteStream> connection;
    RecordedLog lines;  ///< of its preparation, for the job's log
    WarmTime made_at;
    bool interrupted = false;  ///< while it was made, by no fault of its own
};

/// What an environment of the recipe needs with the image that its name leads to now. Nothing is
/// pulled or made. Failures: those of Preparation::look(), and kConflict when no environment of
/// this image can wait.
base::Task<base::Result<WarmNeed>> look_again(const boost::asio::any_io_executor& executor,
                                              const WarmRecipe& recipe);

/// Makes an environment of a recipe. What was made is in `made.objects`, also after a failure.
/// Everything that it is given outlives it. Nothing is pulled: kConflict when the image is another
/// one by now. The programs of an engine are stopped until the environment is given away or
/// removed.
base::Task<base::Result<void>> make_warm(const boost::asio::any_io_executor& executor,
                                         const WarmRecipe& recipe, WarmEnvironment& made);

/// Gives the environment to a job: its container goes on with the job's variables. Failures mean
/// that it is of no use any more.
base::Task<base::Result<void>> release_warm(EngineApi& api, WarmEnvironment& environment,
                                            const WarmNeed& need);

/// Ends and removes it, within 28 seconds: less than runner-helper waits for the data
/// (executors/helper/data_enter.cpp). The data of its engine is left as a job leaves it, unless a
/// job waits for it (`in_a_hurry`: DataTidying::kLeast).
base::Task<base::Result<void>> remove_warm(const WarmRecipe& recipe, WarmEnvironment& environment,
                                           bool in_a_hurry);

}  // namespace executors::docker
