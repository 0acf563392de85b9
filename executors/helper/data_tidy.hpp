#pragma once

#include <functional>
#include <string>

#include "executors/helper/data_outcome.hpp"

namespace executors::helper {

struct DataTidyOptions {
    std::string root;
    std::string builder;  ///< name of the container of the prepared builder, "" for none
    /// No job has used the engine. Does only what the start of the next one cannot do: containers
    /// in containerd's store are removed, and others are left to it (clean_data()).
    bool least = false;
    /// The start of the engine was interrupted, so it does not count as one that failed.
    bool interrupted = false;
    std::string socket = "/var/run/docker.sock";
    std::string outcome_file = kOutcomeFile;
    /// Called before the engine is asked; empty for nothing.
    std::function<void()> wake = {};
};

/// `runner-helper tidy-data`: at the end of a job whose engine keeps its data. Removes the engine's
/// containers with their volumes, and notes in the marker that the job has ended as it should, or
/// that the builder has failed with the data. Ends soon: what is left to do, the next job does.
/// Throws Failure.
int tidy_data(const DataTidyOptions& options);

}  // namespace executors::helper
