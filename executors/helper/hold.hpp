#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "executors/helper/posix.hpp"
#include "executors/helper/rest.hpp"

/// A container that is ready before its job is known: its first program waits, and becomes the
/// image's ENTRYPOINT when the job's variables have come. So the ENTRYPOINT sees what it would see
/// in a container that was made for the job.
///
/// The daemon's end is `runner-helper connect --held` (connect.hpp): it says kHeldLine when the
/// container waits, and reads a release: the number of bytes in decimal digits and "\n", then
/// "NAME=value" entries, each with a NUL behind it. Before the release, a line "rest" stops the
/// programs of a container that has its engine already, and a line "wake" lets them go on
/// (rest.hpp). A line "leave" in place of the release says that a job waits for the engine's data.
namespace executors::helper {

/// What `connect --held` writes first.
inline constexpr std::string_view kHeldLine = "held\n";
/// Of the entries of a release; a process could not be started with more.
inline constexpr std::size_t kMaxReleaseBytes = 16U << 20U;

struct HoldOptions {
    std::string directory;             ///< of the supervisor
    std::vector<std::string> command;  ///< what the process becomes
};

/// `runner-helper hold`. Returns 0 when the client has ended without a release: then the daemon is
/// gone, and nobody needs the container. Throws Failure; a program that does not exist is found at
/// once.
int hold(const HoldOptions& options);

/// Connects to the process that holds, and waits for it as long as `limit_ms`. Throws Failure.
UniqueFd reach_hold(const std::string& directory, std::int64_t limit_ms);
/// Lets the process go on with these variables. Throws Failure.
void release_hold(int socket, const std::string& entries);

/// Reads a release, and does what the lines before it say to `rest`, which is ended when this
/// returns. nullopt when `fd` ends before its first byte, and after `leave`, which is called for
/// that line where there is a `rest`; then that may go on. Throws Failure.
std::optional<std::string> read_release(int fd, Rest* rest = nullptr,
                                        const std::function<void(Rest&)>& leave = {});
/// Adds the entries to the environment of this process.
void take_variables(const std::string& entries);

}  // namespace executors::helper
