#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/commands/blocking_calls.hpp"
#include "runner/commands/command.hpp"
#include "runner/commands/include_source.hpp"
#include "runner/commands/pipeline_flags.hpp"
#include "runner/commands/repository_facts.hpp"
#include "runner/commands/work_tree.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::commands {

/// The pipeline that flags, environment and checkout describe: ref, source, variables, changed
/// files, and where included files come from. What no flag gives is taken from the git checkout
/// around the current directory.
///
/// Git is asked for files and changes only when a rule asks for them.
///
/// Life: outlives everything that is loaded with it, and does not move. Every call blocks.
class PipelineContext {
  public:
    /// kInvalidInput for flags that contradict each other or cannot be read; other failures are
    /// git's.
    static base::Result<std::unique_ptr<PipelineContext>> open(const Values& values);

    /// `path` if it is not empty, else .gitlab-ci.yml in the current directory or at the top of the
    /// checkout.
    [[nodiscard]] std::filesystem::path file(const std::string& path) const;
    /// From now on local includes are read from below this directory.
    void read_files_from(const std::filesystem::path& root);
    /// The request for loading `text`. `name` is the file's name in messages.
    [[nodiscard]] pipeline::LoadRequest load_request(std::string text,
                                                     const std::string& name) const;
    /// Loads one file. `name` is its name in messages.
    pipeline::Loaded load(std::string text, const std::string& name);
    /// `loaded` must be valid and outlive the result.
    [[nodiscard]] pipeline::plan::Pipeline create(const pipeline::Loaded& loaded) const;

    [[nodiscard]] const pipeline::plan::CreateRequest& request() const { return request_; }
    [[nodiscard]] const pipeline::variables::Checkout& checkout() const { return checkout_; }
    /// nullptr outside of git.
    [[nodiscard]] const WorkTree* work_tree() const { return tree_.get(); }
    [[nodiscard]] pipeline::include::Source& source() { return *source_; }
    /// Whether GitLab would create the pipeline and run none of its jobs: the commit's message has
    /// "[ci skip]", and the pipeline's source is one for which this counts.
    [[nodiscard]] bool is_skipped() const;
    /// "branch main at 1a2b3c4d, source push; 3 changed paths since origin/main".
    [[nodiscard]] std::string summary() const;

  private:
    PipelineContext() = default;
    base::Result<void> read(const Values& values);
    base::Result<void> read_event(const Values& values, pipeline::variables::Event& event);
    void read_facts(const Values& values, const pipeline::variables::Event& event);
    base::Result<void> open_source(const Values& values);

    BlockingCalls calls_;
    std::unique_ptr<WorkTree> tree_;  ///< nullptr outside of git
    std::unique_ptr<RepositoryFacts> facts_;
    IncludeOptions include_options_;
    std::unique_ptr<IncludeSource> source_;
    pipeline::variables::Checkout checkout_;
    pipeline::plan::CreateRequest request_;
    pipeline::variables::Collection inputs_;
    pipeline::Edition edition_ = pipeline::Edition::kEnterprise;
    std::filesystem::path root_;
};

/// The text of a configuration file; kNotFound with the path when it cannot be read.
base::Result<std::string> read_pipeline_file(const std::filesystem::path& path);

}  // namespace runner::commands
