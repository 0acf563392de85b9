#pragma once

#include <string>
#include <vector>

/// Programs that stand in front of another one of the same name in a job's container. The rewriting
/// of the arguments is pure; run_…() then becomes the real program. They return only when there is
/// none: 127, with a sentence on standard error.
namespace executors::helper {

/// dockerd without the unencrypted TCP listener that docker:dind's entrypoint asks for: it costs
/// the engine 16 seconds of warning at its start and opens it to the network. Everything else is
/// kept, and so is the listener when the arguments have TLS.
std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments);
int run_dockerd_front(const std::vector<std::string>& arguments);

/// `buildx create --append` without a name made a builder up to buildx 0.12 and fails since 0.13.
/// Said in a job it means the prepared builder: its name and node are filled in, and so is the
/// image it boots from, because the options given replace the node's. Every other command stays as
/// it is.
std::vector<std::string> rewrite_buildx(const std::vector<std::string>& arguments,
                                        const std::string& builder, const std::string& image);

/// `docker-buildx`, as the docker client calls its plugin: becomes the image's own plugin. Does not
/// return when that can be started.
int run_buildx_front(const std::vector<std::string>& arguments);

}  // namespace executors::helper
