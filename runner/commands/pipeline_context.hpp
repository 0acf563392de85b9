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
#include "runner/commands/work_tree.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::commands {

/// The pipeline that flags, environment and checkout describe, and where its files come from. What
/// is not said is taken from the git checkout around the current directory.
///
/// Life: calls, work tree and source outlive what was loaded with them; the context does not move.
class PipelineContext {
  public:
    /// Failures: kInvalidInput for flags that cannot be (exit code of wrong usage); others from
    /// git.
    static base::Result<std::unique_ptr<PipelineContext>> open(const Values& values);

    /// `path` if given, else .gitlab-ci.yml here or at the checkout's top.
    [[nodiscard]] std::filesystem::path file(const std::string& path) const;
    /// Files that are included are read from below this directory from now on.
    void read_files_from(const std::filesystem::path& root);
    /// What to load a file with. `name` is what messages call it.
    [[nodiscard]] pipeline::LoadRequest load_request(std::string text,
                                                     const std::string& name) const;
    /// Loads one file. `name` is what messages call it.
    pipeline::Loaded load(std::string text, const std::string& name);
    /// `loaded` must be valid and outlive the result.
    [[nodiscard]] pipeline::plan::Pipeline create(const pipeline::Loaded& loaded) const;

    [[nodiscard]] const pipeline::plan::CreateRequest& request() const { return request_; }
    [[nodiscard]] const pipeline::variables::Checkout& checkout() const { return checkout_; }
    /// nullptr outside of git.
    [[nodiscard]] const WorkTree* work_tree() const { return tree_.get(); }
    [[nodiscard]] pipeline::include::Source& source() { return *source_; }
    /// Whether the commit's message asks for no run ("[ci skip]"), and the pipeline is of those
    /// that heed it: GitLab makes it, and runs none of its jobs.
    [[nodiscard]] bool is_skipped() const;
    /// "branch main at 1a2b3c4d, source push; changes since origin/main: 3 paths".
    [[nodiscard]] std::string summary() const;

  private:
    PipelineContext() = default;
    base::Result<void> read(const Values& values);
    base::Result<void> read_event(const Values& values, pipeline::variables::Event& event);
    void read_facts(const Values& values, const pipeline::variables::Event& event);
    base::Result<void> open_source(const Values& values);

    BlockingCalls calls_;
    std::unique_ptr<WorkTree> tree_;  ///< nullptr outside of git
    IncludeOptions include_options_;
    std::unique_ptr<IncludeSource> source_;
    pipeline::variables::Checkout checkout_;
    pipeline::plan::CreateRequest request_;
    pipeline::variables::Collection inputs_;
    pipeline::Edition edition_ = pipeline::Edition::kEnterprise;
    std::filesystem::path root_;
    std::string changes_;  ///< where the changed paths are from
};

/// The text of a configuration file; kNotFound with the path when it cannot be read.
base::Result<std::string> read_pipeline_file(const std::filesystem::path& path);

}  // namespace runner::commands
