#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/preparation_context.hpp"
#include "executors/docker/volumes.hpp"

namespace executors::docker {

/// The volumes of a job's containers.
///
/// Life: plan(), make(), then add_…() for a job with an engine; within one preparation. Temporary
/// volumes are noted in JobObjects before they are made. Strand: the I/O thread.
class JobVolumes {
  public:
    explicit JobVolumes(const PreparationContext& context) : context_(context) {}

    /// By the configuration. kConfiguration for an entry that is not valid.
    base::Result<void> plan();
    base::Task<base::Result<void>> make();
    /// The volume of the socket that a sidecar engine and the job share.
    base::Task<base::Result<void>> add_engine_volume();

    /// A volume at `path`, in which an engine leaves the certificates for its clients. Does nothing
    /// when something is mounted there.
    base::Task<base::Result<void>> add_certificates(std::string path);

    /// After make(): the volume of the builds directory, when no job has had it; else null.
    /// Nobody asks for a job without a GitMirrorSource.
    [[nodiscard]] const ManagedVolume* new_builds() const;

    /// For HostConfig.Binds.
    [[nodiscard]] const std::vector<std::string>& binds() const { return plan_.binds; }
    /// Destinations that any user of the job may write to.
    [[nodiscard]] const std::vector<std::string>& writable() const { return plan_.writable; }

  private:
    [[nodiscard]] std::string body_of(const ManagedVolume& volume) const;
    base::Task<base::Result<void>> make_one(std::string body);
    base::Task<base::Result<void>> look_for_builds();
    [[nodiscard]] const ManagedVolume* builds() const;
    base::Task<base::Result<void>> add_temporary(std::string name, std::string path);

    const PreparationContext& context_;
    VolumePlan plan_;
    bool has_builds_ = true;
};

}  // namespace executors::docker
