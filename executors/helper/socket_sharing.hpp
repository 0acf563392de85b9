#pragma once

#include <string>
#include <vector>

namespace executors::helper {

/// The unix sockets at which dockerd with these arguments listens; pure.
std::vector<std::string> sockets_of(const std::vector<std::string>& arguments);

/// Lets every user of the container use an engine's sockets, as soon as the engine has made them:
/// dockerd itself gives its sockets to root and one group. The work is done by a process that the
/// caller need not wait for; it ends when that is done, after a minute at the latest.
void share_sockets(const std::vector<std::string>& sockets);

}  // namespace executors::helper
