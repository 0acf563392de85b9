#pragma once

#include <string>
#include <vector>

#include "executors/helper/data_marker.hpp"
#include "executors/helper/data_outcome.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

struct DataEnterOptions {
    std::string root;
    /// The volume was made for this job: what is in it comes from the image.
    bool is_new = false;
    /// A volume of the inner engine whose data stays, "" for none: the builder's state.
    std::string kept_volume;
    /// Images of a registry lose their names (pulled_images.hpp), but for `own_images`.
    bool revalidate = false;
    std::vector<std::string> own_images;
    std::vector<std::string> command;  ///< the container's own ENTRYPOINT and CMD
    std::string outcome_file = kOutcomeFile;
};

/// What is known of the engine that will start. `known`: the stamp of the engine before it, whose
/// version counts when the program is the same; else dockerd is asked for its version.
EngineStamp stamp_engine(const std::vector<std::string>& command, const EngineStamp& known);

struct PreparedData {
    UniqueFd lock;  ///< DataRoot::lock()
    DataOutcome outcome;
};

/// Locks the data, decides whether it is used again, and cleans it or sets it aside. Writes the
/// marker and the outcome. Throws Failure when no engine may be started on the volume.
PreparedData prepare_data(const DataEnterOptions& options);

/// `runner-helper enter-data`: the first program of a container with kept data. It does
/// prepare_data(), then becomes the container's own program, which cannot keep it from its work.
int enter_data(const DataEnterOptions& options);

}  // namespace executors::helper
