#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/kept_data.hpp"
#include "executors/docker/preparation_context.hpp"

namespace executors::docker {

/// Makes or finds the volume for the data of a job's own engine.
///
/// Two engines must never use it at once: a container that uses it already, of another daemon or
/// forgotten by this one, makes the job's engine start without it. One that waits for jobs of this
/// daemon gives way, and runner-helper in the job's container waits for its end, by a lock in the
/// data. Should two daemons look at the same time, that lock stops the second container.
///
/// Life: one make(), within one preparation. The volume is noted in JobObjects. Strand: the I/O
/// thread.
class EngineData {
  public:
    explicit EngineData(const PreparationContext& context) : context_(context) {}

    /// `binds`: of the job's containers. Tells the job log when there will be no data to keep, and
    /// the configuration is not the reason.
    base::Task<base::Result<void>> make(std::vector<std::string> binds);
    [[nodiscard]] const KeptData& get() const { return data_; }

  private:
    /// Takes the volume for this job. Answers the container that uses it and does not give way, ""
    /// for none.
    base::Task<base::Result<std::string>> claim(std::string name);
    /// The containers that give way.
    base::Task<std::vector<std::string>> claim_from_pool(std::string name);
    base::Task<base::Result<std::vector<Listed>>> list_others(
        const std::string& name, const std::vector<std::string>& leaving);
    void give_up();
    base::Task<base::Result<void>> make_volume(std::string name);
    [[nodiscard]] std::string volume_body(const std::string& name) const;
    void tell(const std::string& reason) const;

    const PreparationContext& context_;
    KeptData data_;
};

/// Of what tidy_data() does.
enum class DataTidying {
    kAll,
    kLeast,        ///< only what the start of the next engine cannot do
    kInterrupted,  ///< all, for an engine whose start was interrupted: that does not count
};

/// Before the containers of a job end: the job's engine removes what should not stay, and the
/// marker in its data says that the job has ended as it should. Within a few seconds; a failure
/// means work for the next job.
base::Task<base::Result<void>> tidy_data(EngineApi& api, const JobObjects& objects,
                                         const DindSettings& settings, DataTidying how);

/// Before a script uses the job's engine, which answers: it is told what could not be done to the
/// data before its start. Answers data_line(), "" where no data is kept.
base::Task<std::string> finish_data(EngineApi& api, JobObjects& objects);

}  // namespace executors::docker
