#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "runner/commands/gitlab_files.hpp"
#include "runner/commands/web_fetch.hpp"
#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/rules/repository.hpp"

namespace runner::commands {

struct IncludeOptions {
    std::filesystem::path root;  ///< where include:local begins
    GitlabAccess gitlab;
    std::string ca_file;
    /// Directories on this machine that stand for projects, by path; "template" stands for the
    /// templates that come with GitLab.
    std::map<std::string, std::filesystem::path> local_projects;
};

/// Gives included files: of the work tree, of mapped directories, from the API of a GitLab server,
/// from any web server. Each file is fetched once. The access token is sent to that GitLab only.
class IncludeSource : public pipeline::include::Source {
  public:
    using Fetched = pipeline::include::Fetched;
    using Origin = pipeline::include::Origin;

    IncludeSource(BlockingCalls& calls, IncludeOptions options);

    Fetched local(const Origin& origin, const std::string& path) override;
    std::vector<std::string> list(const Origin& origin, const std::string& directory) override;
    Fetched project(const std::string& project, const std::string& ref,
                    const std::string& file) override;
    Fetched remote(const std::string& address) override;
    Fetched bundled_template(const std::string& name) override;
    Fetched component(const std::string& address) override;

    /// For rules:exists:project.
    pipeline::rules::ProjectFiles project_files(const std::string& project, const std::string& ref);

  private:
    struct ComponentAddress;
    const std::filesystem::path* mapped(const std::string& project) const;
    Fetched from_project(const Origin& origin, const std::string& path);
    Fetched fetch_remote(const std::string& address);
    Fetched fetch_template(const std::string& name);
    Fetched fetch_component(const std::string& address);
    Obtained component_commit(const ComponentAddress& wanted, std::string& version);

    IncludeOptions options_;
    pipeline::include::WorkTreeSource work_tree_;
    WebFetch web_;
    GitlabFiles gitlab_;
    std::map<std::string, Fetched> kept_;  ///< by kind and name
};

}  // namespace runner::commands
