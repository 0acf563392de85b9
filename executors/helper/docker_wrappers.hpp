#pragma once

#include <string>
#include <vector>

/// The wrapper of dockerd in a job's container, found first under the same name: it changes the
/// arguments and the environment, and becomes the real program.
///
/// rewrite_…() are pure. run_…() return only when the real program cannot be started: 127, with a
/// sentence on standard error.
namespace executors::helper {

/// Removes the unencrypted TCP listener that docker:dind's entrypoint asks for: it makes dockerd
/// wait 16 seconds with a warning at its start, and opens it to the network. With TLS in the
/// arguments the listener stays. All other arguments stay.
std::vector<std::string> rewrite_dockerd(const std::vector<std::string>& arguments);
/// The same, and a listener of port 2375 on this machine's loopback address only, without the pause
/// that dockerd makes to warn of it. With TLS in the arguments they stay as they are.
std::vector<std::string> open_dockerd(const std::vector<std::string>& arguments);
/// `wanted`, the value of RUNNER_DIND_TCP: "all" leaves the arguments as they are, "1" is
/// open_dockerd(), anything else rewrite_dockerd().
std::vector<std::string> listen_as_wanted(const std::vector<std::string>& arguments,
                                          const std::string& wanted);
int run_dockerd_wrapper(const std::vector<std::string>& arguments);

}  // namespace executors::helper
