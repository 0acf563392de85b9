#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/image_choice.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/job_network.hpp"
#include "executors/docker/job_registry_auth.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

/// What the files of the build container depend on. Everything in it outlives the preparation.
struct BuildParts {
    const ImageChoice& choice;
    const ImageInfo& image;
    const std::vector<DeclaredRegistry>& declared;
    const std::vector<std::string>& writable;  ///< volumes that any user may write to
    const std::vector<std::string>& binds;
    JobNetwork& network;
    JobRegistryAuth& auth;
};

/// Puts the runner's files into the build container, in one archive: directories that a user who
/// is not root may write to, configuration of the inner engine and its clients, CA certificates.
///
/// Life: one put() for a container that was created and not started. Strand: the I/O thread.
class BuildFiles {
  public:
    BuildFiles(const PreparationContext& context, const BuildParts& parts,
               const ImageFiles& image_files, const ClientHome& home)
        : context_(context), parts_(parts), image_files_(image_files), home_(home) {}

    /// Sends nothing when there is nothing to put.
    base::Task<base::Result<void>> put();

    /// Only what depends on the job's credentials. Sends nothing when it has none.
    base::Task<base::Result<void>> put_login();

  private:
    [[nodiscard]] bool has_inner_engine() const;
    void add_directories();
    void add_preload_marks();
    base::Task<base::Result<void>> add_docker_files();
    /// The files of the docker client: settings and login.
    /// `auth` outlives the answer.
    [[nodiscard]] EngineFilesInput input_for(const RegistryAuth& auth) const;
    base::Result<void> add_client(const EngineFilesInput& input);
    base::Task<base::Result<void>> send();
    /// For the script that prepares the client, before the job's own.
    void note_client(bool has_login);
    base::Task<base::Result<void>> add_certificates();

    const PreparationContext& context_;
    const BuildParts& parts_;
    const ImageFiles& image_files_;
    const ClientHome& home_;
    TarBuilder tar_;
};

}  // namespace executors::docker
