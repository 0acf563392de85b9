#pragma once

#include <string>
#include <vector>

/// Programs that stand in front of another one of the same name in a job's container. The rewriting of
/// the arguments is pure; run_…() then becomes the real program. They return only when there is none:
/// 127, with a sentence on standard error.
namespace executors::helper {

/// dockerd without the unencrypted TCP listener that docker:dind's entrypoint asks for: it costs the
/// engine 16 seconds of warning at its start and opens it to the network. Everything else is kept, and
/// so is the listener when the arguments have TLS.
std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments);
int run_dockerd_front(const std::vector<std::string>& arguments);

}  // namespace executors::helper
