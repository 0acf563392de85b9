#pragma once

#include <list>
#include <string_view>

#include "executors/executor_observer.hpp"

namespace executors::docker {

/// Tells an observer what a preparation is busy with. Its parts work at the same time; the observer
/// is told of the step that began last among those that have not ended, and of "prepare" when there
/// is none.
///
/// Life: that of one preparation; it outlives its steps. Strand: the I/O thread.
class PreparationSteps {
  public:
    /// `observer` may be null.
    explicit PreparationSteps(ExecutorObserver* observer) : observer_(observer) {}

    /// The step goes on as long as this lives.
    class Step {
      public:
        Step(PreparationSteps& steps, std::string_view name)
            : steps_(steps), place_(steps.open_.insert(steps.open_.end(), name)) {
            steps_.show();
        }
        ~Step() {
            steps_.open_.erase(place_);
            steps_.show();
        }
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;

      private:
        PreparationSteps& steps_;
        std::list<std::string_view>::iterator place_;
    };

    void pulled(const ImagePull& pull) const {
        if (observer_ != nullptr) observer_->on_pull(pull);
    }

  private:
    void show() const {
        if (observer_ != nullptr) observer_->on_step(open_.empty() ? "prepare" : open_.back());
    }

    ExecutorObserver* observer_;
    std::list<std::string_view> open_;  ///< literals
};

}  // namespace executors::docker
