#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>

#include "base/file_part.hpp"
#include "base/notifier.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"

namespace executors::docker {

/// The volume of an engine with the runner's programs, which every job container has at /.runner:
/// runner-helper, and git as soon as a job needs it. It is filled once per engine and version.
///
/// Life: that of the engine's connection; `api` outlives it. Nothing is asked of the engine before
/// the first use. Strand: the I/O thread; concurrent callers share one filling. Failures: kIo when
/// a file of this installation is missing, else those of the engine.
class RunnerVolume {
  public:
    /// `helper_path`: runner-helper on this machine; the archive of git lies beside it.
    RunnerVolume(const boost::asio::any_io_executor& executor, EngineApi& api,
                 std::string helper_path)
        : api_(api), helper_path_(std::move(helper_path)), changed_(executor) {}

    /// The volume's name, when it has runner-helper. `image`: any image that is on the engine.
    /// `architecture`: of the engine, as its description names it.
    base::Task<base::Result<std::string>> obtain(std::string image, std::string architecture);
    /// Puts git into the volume that obtain() has named.
    base::Task<base::Result<void>> add_git(std::string image, std::string architecture);
    /// The engine was restarted or lost the volume: the next call fills it again.
    void forget();

  private:
    /// What is put below /.runner together. `marker` is the last file of the archive.
    struct Part {
        std::string marker;
        std::string tar;                     ///< the archive
        std::optional<base::FilePart> file;  ///< or the file that holds it
    };
    base::Task<base::Result<void>> fill(std::string image, std::string volume, Part part);
    /// Removes containers that filled a volume and were forgotten.
    base::Task<void> sweep();
    /// Puts the part into the volume of a container that it makes from `body` and removes.
    base::Task<base::Result<void>> put_by_container(std::string name, std::string body, Part part);
    /// The same without the removal. Puts nothing into a volume that has the part.
    base::Task<base::Result<void>> put(std::string name, std::string body, Part part);

    EngineApi& api_;
    std::string helper_path_;
    std::string name_;
    bool has_helper_ = false;
    bool has_git_ = false;
    bool busy_ = false;
    base::Notifier changed_;
};

/// The archive of git that packaging/make-git has made for an engine of this architecture
/// ("x86_64"), in the directory of runner-helper; also when there is none.
std::string git_archive_path(const std::string& helper_path, const std::string& architecture);

/// runner-helper for an engine of this architecture: `helper_path` where it is `own`, the
/// architecture of this machine, else "runner-helper-arm64" beside it; also when there is none.
std::string helper_path_for(const std::string& helper_path, const std::string& architecture,
                            const std::string& own);

}  // namespace executors::docker
