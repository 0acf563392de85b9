#pragma once

#include <string>

namespace executors::helper {

struct SuperviseOptions {
    std::string directory;
    /// Name of a control group to try to make; "": none.
    std::string cgroup;
    /// Go to the background; supervise() returns when the socket listens.
    bool detach = false;
};

/// `runner-helper supervise`: runs a Supervisor in a directory, which is made when it is missing.
/// One supervisor at a time serves a directory. Returns the exit code; throws Failure when it
/// cannot start.
int supervise(const SuperviseOptions& options);

}  // namespace executors::helper
