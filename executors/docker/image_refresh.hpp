#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "executors/docker/pull_queue.hpp"
#include "executors/docker/settings.hpp"

namespace executors::docker {

/// Whether the administrator has named the image: as an image of the configuration, or by a pattern
/// of allowed_images or allowed_services. Pure.
bool is_named_by_administrator(const std::string& image, const DockerSettings& docker,
                               const DindSettings& dind);

/// Counts how often images are used as the engine has them. Pure.
class ImageUses {
  public:
    using Time = std::chrono::steady_clock::time_point;
    /// Answers whether the image is to be pulled: it was used three times, and it is `period` since
    /// its last pull, or since its first use where that is not known. Counts anew after that.
    bool used(const std::string& image, std::chrono::nanoseconds period, Time now);
    void pulled(const std::string& image, Time now);

  private:
    struct Uses {
        Time since;
        int count = 0;
    };
    std::map<std::string, Uses> uses_;
};

/// Pulls images anew, in the background, that jobs take from the engine by the policy
/// if-not-present: `[runners.images] refresh_after`. One at a time, with the runner's own logins
/// and never with those of a job. The daemon's log tells of it; no job waits for it.
///
/// Life: as long as the engine's connection. `group` runs the pulls and is waited for before
/// anything that is given here ends; null: nothing is pulled. Strand: the I/O thread.
class ImageRefresh {
  public:
    struct Use {
        std::string image;  ///< as jobs name it
        std::string id;     ///< that the engine has
        std::vector<RegistrySettings> registries;
        std::chrono::nanoseconds period{};
    };

    ImageRefresh(PullQueue& pulls, base::TaskGroup* group,
                 const base::Clock& clock = base::system_clock());

    /// Is told that the name of an image leads to another one by now: its name and its new id.
    using OnReplaced = std::function<void(const std::string& image, const std::string& id)>;
    void on_replaced(OnReplaced call) { on_replaced_ = std::move(call); }

    /// A job takes the image without asking the registry.
    void used(Use use);
    /// A job has pulled it.
    void pulled(const std::string& image) { uses_.pulled(image, clock_.now()); }

  private:
    base::Task<void> refresh(Use use);

    PullQueue& pulls_;
    base::TaskGroup* group_;
    const base::Clock& clock_;
    ImageUses uses_;
    OnReplaced on_replaced_;
    bool busy_ = false;
};

}  // namespace executors::docker
