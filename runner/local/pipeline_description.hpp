#pragma once

#include <string>
#include <vector>

#include "runner/local/payload.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::local {

/// The pipeline that a run is about: the file's, or a child's.
struct PipelineDescription {
    /// Text, name, edition and inputs of the configuration. Its variables and facts are taken from
    /// `request` when the pipeline is planned.
    pipeline::LoadRequest load;
    pipeline::plan::CreateRequest request;
    /// `given` and `predefined` are taken from `request` when the pipeline is planned.
    PipelineInfo info;
    std::string prefix;             ///< in front of jobs' names on the display: "child / "
    std::vector<std::string> jobs;  ///< those named on the command line; empty: all
    bool with_needs = false;        ///< the named jobs and what they need
    int depth = 0;                  ///< of child pipelines below the file's pipeline
};

}  // namespace runner::local
