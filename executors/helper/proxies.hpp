#pragma once

#include <map>
#include <string>

/// Proxies of a job for the programs that the runner makes or starts in it. A proxy's address may
/// have a password, so it is passed in environments and files, never in arguments.
namespace executors::helper {

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this process, in capitals and in small letters, as far
/// as they are set. NO_PROXY also has the hosts of RUNNER_NO_PROXY: declared registries and
/// `docker`. Empty when no proxy is set.
std::map<std::string, std::string> proxy_variables();

/// Sets them for the program that this process becomes.
void export_proxy_variables();

}  // namespace executors::helper
