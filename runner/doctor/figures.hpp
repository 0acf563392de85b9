#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// What `runner-helper probe` measured (executors/helper/probe.hpp), as values. Pure.
namespace runner::doctor {

struct PathFigures {
    std::string host;
    std::string port;
    std::vector<std::string> addresses;
    std::string address;    ///< that was connected to
    std::string device;     ///< through which
    std::string failed_at;  ///< "resolve", "connect", "" for a success
    std::string error;
    int packet = 0;  ///< bytes of the largest packet that would be sent
    int passes = 0;  ///< bytes of the largest one that arrived
};

struct DiskFigures {
    std::string path;
    std::string error;
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0;
    std::uint64_t total_inodes = 0;  ///< 0: the file system has no fixed number
    std::uint64_t free_inodes = 0;
};

struct CgroupFigures {
    int version = 0;  ///< 0: none is mounted
    bool writable = false;
    std::vector<std::string> controllers;
};

struct PlatformFigures {
    std::string name;
    bool runs = false;
};

struct CommandFigures {
    std::string name;
    int exit_code = 0;
    std::string output;
};

/// How far a program is confined.
struct RightsFigures {
    bool administrator = false;  ///< CAP_SYS_ADMIN, which an engine needs
};

/// All lines of probes that came from one place.
struct Measurements {
    std::vector<PathFigures> paths;
    std::vector<DiskFigures> disks;
    std::vector<CgroupFigures> cgroups;
    std::vector<PlatformFigures> platforms;
    std::vector<CommandFigures> commands;
    std::vector<RightsFigures> rights;

    /// nullptr when the command was not run.
    [[nodiscard]] const CommandFigures* command(std::string_view name) const;
};

/// Reads one line of output, which may have anything before the probe's mark; a line without a
/// probe of `place` is ignored.
void add_measurement(std::string_view line, std::string_view place, Measurements& out);

/// The last line that is not empty: of a program's output, mostly its error.
std::string last_line(std::string_view output);

}  // namespace runner::doctor
