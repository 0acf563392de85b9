#pragma once

#include <string>
#include <vector>

#include "executors/driver.hpp"
#include "runner/job/job_context.hpp"

namespace runner::job {

/// A job for the driver of the custom executor. Life: shorter than `context`'s. Strand: the I/O
/// thread.
class PayloadDriverJob final : public executors::DriverJob {
  public:
    explicit PayloadDriverJob(JobContext& context) : context_(context) {}

    base::Result<void> configure(const executors::DriverAnswer& answer) override;
    [[nodiscard]] std::vector<executors::EnvironmentVariable> variables() const override;

  private:
    JobContext& context_;
};

/// DriverJob::variables().
std::vector<executors::EnvironmentVariable> driver_job_variables(const JobContext& context);

/// The job's services as JSON, in the form of the official runner; "" for none. Pure.
std::string services_json(const std::vector<protocol::gitlab::Image>& services);

}  // namespace runner::job
