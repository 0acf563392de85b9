#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace runner::pipeline::include {

/// Where an including file lives: a project at a commit. An empty project is the one at hand.
struct Origin {
    std::string project;
    std::string sha;
    bool remote = false;  ///< fetched by address: it has no project of its own
};

enum class FetchFailure : std::uint8_t {
    kMissing,      ///< no such file
    kNoProject,    ///< the project does not exist or may not be read
    kNoReference,  ///< the project has no such ref
    kUnsupported,  ///< this source cannot get such files; `detail` says why, as a full sentence
    kUnreachable,  ///< a remote address could not be fetched; `detail` ends the sentence
    kRefused,      ///< the same, because nobody listens there
    kOutOfTime,    ///< the time for all files together is over
};

struct Fetched {
    std::optional<std::string> content;
    FetchFailure failure = FetchFailure::kMissing;  ///< when there is no content
    std::string detail;  ///< in GitLab's words, where the failure asks for it
    std::string hint;    ///< the cause below, and a remedy, in ours; may be empty
    Origin origin;       ///< for what the file itself includes
    /// Of a component, for $[[ component.X ]]: name, sha, version, reference.
    std::vector<std::pair<std::string, std::string>> component;
};

/// Gives the text of included files. The one door of the language to the outside; implementations
/// may read a work tree, git, or a server. Calls come one after another from one thread; asking
/// twice for the same file is allowed and should be cheap.
class Source {
  public:
    virtual ~Source() = default;
    virtual Fetched local(const Origin& origin, const std::string& path) = 0;
    /// All files of the origin, for wildcards.
    virtual std::vector<std::string> list(const Origin& origin) = 0;
    virtual Fetched project(const std::string& project, const std::string& ref,
                            const std::string& file) = 0;
    virtual Fetched remote(const std::string& address) = 0;
    virtual Fetched bundled_template(const std::string& name) = 0;
    virtual Fetched component(const std::string& address) = 0;
};

}  // namespace runner::pipeline::include
