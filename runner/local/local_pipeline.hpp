#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runner/local/artifact_includes.hpp"
#include "runner/local/artifact_store.hpp"
#include "runner/local/display.hpp"
#include "runner/local/engine.hpp"
#include "runner/local/payload.hpp"
#include "runner/local/pipeline_run.hpp"
#include "runner/local/questions.hpp"
#include "runner/local/workplace.hpp"
#include "runner/pipeline/load.hpp"

namespace runner::local {

/// What all pipelines of one call share.
struct Workshop {
    Engine& engine;
    Display& display;
    Questions& questions;
    Capacity& capacity;
    const Workplace& place;
    pipeline::include::Source& source;
    PipelineWishes wishes;
    ArtifactStore artifacts;
    bool shell_on_failure = false;
    std::set<std::string> met{};  ///< of wishes.play: some pipeline has such a job
    std::int64_t next_id =
        1;  ///< of jobs and pipelines; unique on this machine for the time of the call
};

/// One pipeline of a call, the file's or a child's: its configuration, its jobs, their runs.
///
/// Life: load() first, run() once, stop() at any time. Strand: the I/O thread. `workshop` outlives
/// it.
class LocalPipeline final : private JobStarter, private PipelineObserver {
  public:
    struct Description {
        pipeline::LoadRequest
            load;  ///< text and name of the configuration; the rest is taken from `request`
        std::string prefix;  ///< in front of jobs' names on the display: "child / "
        pipeline::plan::CreateRequest request;
        PipelineFacts facts;            ///< given and predefined are taken from `request`
        std::vector<std::string> jobs;  ///< those asked for; empty: all
        bool with_needs = false;
        int depth = 0;  ///< of child pipelines
    };

    /// `source` gives included files; it outlives load().
    LocalPipeline(const boost::asio::any_io_executor& executor, Workshop& workshop,
                  Description description, pipeline::include::Source& source);
    ~LocalPipeline() override;

    /// Everything that can be wrong before the first job. The sentences have GitLab's words and the
    /// place.
    base::Result<void> load();
    base::Task<pipeline::state::Status> run();
    void stop();

    [[nodiscard]] std::size_t size() const { return pipeline_.jobs.size(); }
    /// More than one job's log is to be shown.
    [[nodiscard]] bool has_many_logs() const {
        return size() != 1 || pipeline_.jobs.front().job->bridge;
    }
    /// How the only job ended.
    [[nodiscard]] const JobEnd& last_end() const { return last_end_; }
    /// A sentence for each job that was asked for by name and did not run.
    [[nodiscard]] std::vector<std::string> left_undone() const;

  private:
    base::Task<JobEnd> run(std::size_t job, int attempt) override;
    void stop_all() override;
    void on_state(std::size_t job, pipeline::state::Status status,
                  const std::string& note) override;
    base::Task<std::vector<std::size_t>> choose(const std::vector<std::size_t>& manual) override;
    [[nodiscard]] std::optional<std::vector<std::size_t>> choice_of(
        const std::string& line, const std::vector<std::size_t>& manual,
        std::string& unknown) const;

    base::Result<void> check_manual_names();
    base::Result<void> check_images() const;
    base::Task<JobEnd> run_script(std::size_t job);
    base::Task<JobEnd> run_child(std::size_t job);
    base::Task<pipeline::state::Status> run_to_its_end(std::shared_ptr<LocalPipeline> child);
    base::Task<void> run_beside(std::size_t job, std::shared_ptr<LocalPipeline> child);
    base::Task<base::Result<void>> add_made_configuration(std::size_t job, ArtifactSource& source);
    static bool starts_a_child(const pipeline::plan::Job& job);
    base::Result<Description> describe_child(std::size_t job);
    base::Result<pipeline::variables::Collection> forwarded_variables(std::size_t job);
    base::Result<std::vector<pipeline::variables::Variable>> inherited_variables(std::size_t job);
    base::Result<protocol::gitlab::JobPayload> payload_of(std::size_t job);
    base::Result<void> add_downloads(std::size_t job, JobRequest& request);
    std::unique_ptr<job::JobChannel> channel_for(std::size_t job,
                                                 const protocol::gitlab::JobPayload& payload);
    base::Task<void> offer_shell(std::size_t job, const journal::Outcome& outcome);
    void warn(std::size_t job, const std::string& sentence);

    boost::asio::any_io_executor executor_;
    Workshop& workshop_;
    Description description_;
    pipeline::include::Source& source_;
    pipeline::Loaded loaded_;
    pipeline::plan::Pipeline pipeline_;
    std::size_t first_row_ = 0;
    std::map<std::size_t, job::JobRun*> running_;  ///< by the job's position
    std::map<std::size_t, std::int64_t> ids_;      ///< of the last run of each job
    std::set<LocalPipeline*> children_;
    JobEnd last_end_;
    bool stopped_ = false;
    std::unique_ptr<PipelineRun> run_;
    base::TaskGroup beside_;  ///< children that no bridge waits for
};

}  // namespace runner::local
