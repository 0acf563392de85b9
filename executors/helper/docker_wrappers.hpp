#pragma once

#include <string>
#include <vector>

/// Wrappers of dockerd and docker in a job's container, found first under the same name: they
/// change the arguments or wait, and then become the real program. That of buildx is in
/// buildx_wrapper.hpp.
///
/// rewrite_…() are pure. run_…() return only when the real program cannot be started: 127, with a
/// sentence on standard error.
namespace executors::helper {

/// Removes the unencrypted TCP listener that docker:dind's entrypoint asks for: it makes dockerd
/// wait 16 seconds with a warning at its start, and opens it to the network. With TLS in the
/// arguments the listener stays. All other arguments stay.
std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments);
int run_dockerd_wrapper(const std::vector<std::string>& arguments);

/// `docker`: waits until the engine knows the names that the script has added (hosts_file.hpp).
int run_docker_wrapper(const std::vector<std::string>& arguments);

/// For these programs: whether a path leads to the running program, and exec with arguments[0]
/// kept. become() returns only when it fails: 127, with a sentence on standard error.
bool is_this_program(const std::string& path);
[[nodiscard]] int become(const std::string& path, std::vector<std::string> arguments);

}  // namespace executors::helper
