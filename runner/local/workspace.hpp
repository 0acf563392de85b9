#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/job/sources.hpp"
#include "runner/pipeline/variables/predefined.hpp"

namespace runner::local {

/// A git checkout, and which of its files the jobs get.
struct CheckoutFiles {
    std::filesystem::path top;
    pipeline::variables::Checkout facts;
    bool clean = false;  ///< only committed files; else uncommitted changes too
    int depth = 20;      ///< commits of history; GitLab's default
};

/// A private directory for one `runner exec`, and the files that every job begins with: those of
/// the work tree (without ignored and deleted files), or those of a commit. A `.git` with that
/// commit is among them, so that scripts can read its history. The user's own repository is only
/// read.
///
/// Life: outlives the jobs; the destructor removes the directory. Every call blocks.
class Workspace {
  public:
    /// kIo with git's message when the commit cannot be copied; kNotFound when `clean` is asked for
    /// and there is no commit.
    static base::Result<std::unique_ptr<Workspace>> make(const CheckoutFiles& checkout);
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    /// The directory from which the configuration and its local includes are read.
    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    /// Paths of the files, relative to root().
    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
    /// Git's blob id of a file; "" when it cannot be read.
    [[nodiscard]] std::string blob_id(const std::string& path) const;
    [[nodiscard]] std::unique_ptr<job::Sources> sources() const;

  private:
    explicit Workspace(std::filesystem::path directory) : directory_(std::move(directory)) {}
    base::Result<void> fill(const CheckoutFiles& checkout);
    base::Result<void> make_repository(const CheckoutFiles& checkout);
    base::Result<void> list_files();
    base::Result<void> list_repository(const std::string& prefix, int level);

    std::filesystem::path directory_;
    std::filesystem::path root_;
    std::filesystem::path repository_;  ///< holds the `.git`; "" without a commit
    std::filesystem::path list_;  ///< a file with the paths of files_, each ended by a zero byte
    std::vector<std::string> files_;
    bool clean_ = false;
    std::string sha_;
};

}  // namespace runner::local
