#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace runner::pipeline::include {

/// Where a file with an `include` comes from: a project at a commit. An empty project is the
/// project of the pipeline.
struct Origin {
    std::string project;
    std::string sha;
    bool remote = false;  ///< fetched from a URL; it belongs to no project
};

/// Why a file could not be fetched.
enum class FetchFailure : std::uint8_t {
    kMissing,      ///< the file does not exist
    kNoProject,    ///< the project does not exist, or the user may not read it
    kNoReference,  ///< the project has no such ref
    kUnsupported,  ///< this source cannot fetch such files; `detail` is a sentence that says why
    kUnreachable,  ///< the URL could not be fetched; `detail` is the end of GitLab's sentence
    kRefused,      ///< like kUnreachable: the server refused the connection
    kOutOfTime,    ///< the time limit for all files together is over
};

/// The content of a fetched file, or why there is none.
struct Fetched {
    std::optional<std::string> content;
    FetchFailure failure = FetchFailure::kMissing;  ///< valid only when there is no content
    std::string detail;                             ///< see FetchFailure; in GitLab's words
    std::string hint;  ///< the cause and a remedy, in our words; may be empty
    Origin origin;     ///< of the fetched file, for the files that it includes
    /// The fields of a component for $[[ component.FIELD ]]: name, sha, version, reference.
    std::vector<std::pair<std::string, std::string>> component;
};

/// Fetches included files. This is the only interface through which runner/pipeline reads anything
/// outside of its arguments. Implementations read a work tree, git, or a server.
///
/// Threads: all calls are made one after another by one thread. The same file may be requested more
/// than once; an implementation should then not fetch it again.
class Source {
  public:
    virtual ~Source() = default;
    /// A file of the project of the including file. The path is compared with those of git:
    /// "./a.yml" and "ci//a.yml" are no files.
    virtual Fetched local(const Origin& origin, const std::string& path) = 0;
    /// The paths of the origin's files below a directory ("" is the root), for wildcards.
    virtual std::vector<std::string> list(const Origin& origin, const std::string& directory) = 0;
    /// A file of another project; an empty `ref` means its default branch.
    virtual Fetched project(const std::string& project, const std::string& ref,
                            const std::string& file) = 0;
    virtual Fetched remote(const std::string& url) = 0;
    /// A template that comes with GitLab: "Auto-DevOps.gitlab-ci.yml".
    virtual Fetched bundled_template(const std::string& name) = 0;
    /// A CI/CD component: "host/group/project/name@version".
    virtual Fetched component(const std::string& address) = 0;
};

}  // namespace runner::pipeline::include
