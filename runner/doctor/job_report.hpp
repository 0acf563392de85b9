#pragma once

#include <map>
#include <string>

#include "executors/executor_kind.hpp"
#include "runner/doctor/figures.hpp"
#include "runner/doctor/finding.hpp"

namespace runner::doctor {

/// What the doctor's job of one runner has found. A plain value.
struct JobReport {
    std::string skipped;           ///< why there was no job; "" when there was one
    std::string failure;           ///< what went wrong before or after the script; "" for nothing
    bool settings_failed = false;  ///< the failure: the image, or what the runner allows
    executors::ExecutorKind executor = executors::ExecutorKind::kDocker;
    bool engine_refused = false;  ///< the image has an engine, but the runner is not privileged
    bool script_ran = false;
    bool own_engine = false;     ///< the job has an engine of its own
    bool engine_inside = false;  ///< it runs in the job's container, not beside it
    bool own_builder = false;    ///< and a builder
    std::map<Place, Measurements> measured;

    [[nodiscard]] const Measurements& at(Place place) const;
};

}  // namespace runner::doctor
