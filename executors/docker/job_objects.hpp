#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "executors/docker/builder_volume.hpp"
#include "executors/docker/git_mirrors.hpp"
#include "executors/docker/preload.hpp"

namespace executors::docker {

/// What a job has on the engine. A name is noted before the thing is made, so that cleanup() knows
/// it after any interruption.
struct JobObjects {
    std::string base;         ///< unique: "<base name>-<16 hex>"
    std::string volume_base;  ///< the same for temporary volumes, which a renewed job keeps
    std::string container;    ///< the build container's id, or its name while it is being made
    std::vector<std::string> services;                 ///< ids or names
    std::map<std::string, std::string> service_names;  ///< for the job log, by id
    std::string network;                  ///< id or name of the job's own network, "" for none
    std::vector<std::string> volumes;     ///< temporary volumes
    std::string image;                    ///< name, for messages
    std::vector<PreloadImage> preloads;   ///< for the engine of this job
    BuilderVolume builder_volume;         ///< of that engine
    std::vector<std::string> entrypoint;  ///< of the build container as it runs, for messages
    std::string unprivileged;             ///< why the image's engine does not run, for messages
    /// For scripts, where the job has none of them.
    std::map<std::string, std::string> script_environment;
    /// For the script that prepares the docker client: what decides where it looks.
    std::map<std::string, std::string> client_environment;
    std::string login_directory;    ///< config.json comes there after get_sources, "": nowhere
    bool client_late = false;       ///< see ClientHome::late
    bool builder = false;           ///< a builder is prepared
    bool builder_made = false;      ///< and was made with the environment, before its job came
    bool builder_anywhere = false;  ///< for clients that name the engine in another way, too
    bool engine = false;            ///< an inner engine runs in the build container
    bool sidecar = false;           ///< an engine runs in a service container
    std::string engine_container;   ///< the container whose log is the engine's
    std::string data_volume;        ///< where the engine's data stays, "" for nowhere
    std::string data_line;          ///< what finish_data() has found, "" before
    JobMirror mirror;               ///< of the job's repository
    /// In a saved state: what EngineUsage holds for the job.
    std::vector<std::string> used_volumes;
    std::vector<std::string> used_images;  ///< ids
    std::string hostname;
    std::string user;
    bool has_git = false;       ///< the image has one
    std::string git_directory;  ///< of the runner's git when scripts use it, "" for the image's
    std::string lfs_directory;  ///< the same for files of Git LFS alone, "" where it has git-lfs

    [[nodiscard]] std::string to_json() const;
    static base::Result<JobObjects> from_json(const std::string& text);
};

}  // namespace executors::docker
