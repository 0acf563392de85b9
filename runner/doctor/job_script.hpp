#pragma once

#include <string>
#include <vector>

#include "runner/doctor/context.hpp"

/// The script of the doctor's job. Pure.
namespace runner::doctor {

/// What the probes need to know.
struct JobScript {
    std::string helper;  ///< path of runner-helper where the script runs
    std::vector<Target> targets;
    std::vector<Target> proxies;
    std::string https_url;  ///< of GitLab; "" for a server without TLS
    struct Repository {
        std::string registry;
        std::string name;
    };
    std::vector<Repository> repositories;
    std::string mark;  ///< the tags of pushed images begin with it
    std::string
        engine_id;     ///< of the engine that runs the job: jobs that use it have none of their own
    bool disk = true;  ///< look at the disk of the builds
    bool engine = false;   ///< look for an engine inside of the job
    bool builder = false;  ///< and for a builder
};

/// For POSIX sh. No line of it fails; the probes' lines go to the job's log.
std::string job_script(const JobScript& script);

/// The tags that the script pushes to each of its repositories.
std::vector<std::string> pushed_tags(const std::string& mark);

/// The probe of the docker client of the job's image.
inline constexpr const char* kClient = "client";
/// The name of the probe that speaks TLS to GitLab.
inline constexpr const char* kTls = "tls";
/// The names of the probes of commands in the engine and in the builder.
std::string push_name(const std::string& registry);
std::string pull_name(const std::string& registry);

}  // namespace runner::doctor
