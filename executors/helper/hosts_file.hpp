#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

/// Names that a script adds to /etc/hosts, and an engine that has read the file before.
///
/// Go's own resolver looks at /etc/hosts at most every five seconds, and dockerd resolves a name at
/// its start. So for some seconds it does not know a name that a script adds. The resolver of the C
/// library reads the file for each name: a dockerd that is linked to it is told to use it. A static
/// dockerd has only Go's resolver: its start is noted in a stamp, and a docker command that makes
/// the engine resolve names waits until the engine looks at the file again.
namespace executors::helper {

struct HostsFile {
    std::string path = "/etc/hosts";
    std::string stamp = "/run/runner-engine-keeps-hosts";
};

/// GODEBUG with the C library's resolver chosen; a choice that is there stays.
std::string choose_libc_resolver(const std::string& godebug);

/// Whether the program reads /etc/hosts for each name: it is linked to the C library, and GODEBUG
/// chooses that library's resolver. A program that cannot be read does not.
bool reads_hosts_each_time(const std::string& program, const std::string& godebug);

/// Before this process becomes dockerd: sets GODEBUG, and makes or removes the stamp.
void prepare_resolver(const std::string& dockerd, const HostsFile& file = {});

/// How long the engine may still not know the newest lines of the file, in milliseconds; 0 when the
/// file is as old as the engine, or when the engine reads it for each name.
std::int64_t ms_until_hosts_are_read(const HostsFile& file = {});
/// Sleeps so long: five seconds at most, and only after the file has changed.
void wait_until_hosts_are_read(const HostsFile& file = {});

}  // namespace executors::helper
