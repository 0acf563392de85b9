#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runner/pipeline/include/source.hpp"
#include "runner/pipeline/yaml/value.hpp"

/// Configuration files that a job has made: `trigger:include:artifact` of dynamic child pipelines.
namespace runner::local {

/// Gives files of artifacts as local files. Their paths are such that no file of a checkout has
/// one of them. All other files come from `next`, which outlives this object.
class ArtifactSource final : public pipeline::include::Source {
  public:
    explicit ArtifactSource(pipeline::include::Source& next) : next_(next) {}

    void add(std::string path, std::string text) { files_[std::move(path)] = std::move(text); }

    pipeline::include::Fetched local(const pipeline::include::Origin& origin,
                                     const std::string& path) override;
    std::vector<std::string> list(const pipeline::include::Origin& origin,
                                  const std::string& directory) override {
        return next_.list(origin, directory);
    }
    pipeline::include::Fetched project(const std::string& project, const std::string& ref,
                                       const std::string& file) override {
        return next_.project(project, ref, file);
    }
    pipeline::include::Fetched remote(const std::string& address) override {
        return next_.remote(address);
    }
    pipeline::include::Fetched bundled_template(const std::string& name) override {
        return next_.bundled_template(name);
    }
    pipeline::include::Fetched component(const std::string& address) override {
        return next_.component(address);
    }

  private:
    pipeline::include::Source& next_;
    std::map<std::string, std::string> files_;
};

/// One `artifact:` entry of an include: a file of a job.
struct ArtifactInclude {
    std::string job;
    std::string path;
};

/// The `artifact:` entries of an include, which may be a map or a list.
std::vector<ArtifactInclude> artifact_includes(const pipeline::yaml::Value& include);
/// The path under which an ArtifactSource gives the file.
std::string local_path(const ArtifactInclude& include);
/// The include with every `artifact:` entry replaced by a `local:` entry of that path.
pipeline::yaml::Value with_local_paths(const pipeline::yaml::Value& include);

}  // namespace runner::local
