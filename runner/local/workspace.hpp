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
    bool clean = false;  ///< of the commit alone; else with what is not committed
    int depth = 20;      ///< commits of history; as many as GitLab's default
};

/// A private directory for the time of a call, and in it the files that every job of a local
/// pipeline begins with: the work tree as it is (what git ignores is left out, what is deleted
/// stays deleted), or a commit's; with a `.git` of that commit, so that scripts can ask for its
/// history. The user's own repository is only read.
///
/// Life: outlives the jobs; the directory goes with it.
class Workspace {
  public:
    /// kIo with git's words when the commit cannot be copied.
    static base::Result<std::unique_ptr<Workspace>> make(const CheckoutFiles& checkout);
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    /// Where the configuration and what it includes are read from.
    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    /// Paths of the files, relative to root().
    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
    /// Git's name for a file's content; "" when it cannot be read.
    [[nodiscard]] std::string blob_id(const std::string& path) const;
    [[nodiscard]] std::unique_ptr<job::Sources> sources() const;

  private:
    explicit Workspace(std::filesystem::path directory) : directory_(std::move(directory)) {}
    base::Result<void> fill(const CheckoutFiles& checkout);
    base::Result<void> make_repository(const CheckoutFiles& checkout);
    base::Result<void> list_files();

    std::filesystem::path directory_;
    std::filesystem::path root_;
    std::filesystem::path repository_;  ///< has the .git; "" without a commit
    std::filesystem::path list_;        ///< the files' names, each ended by a zero byte
    std::vector<std::string> files_;
    bool clean_ = false;
    std::string sha_;
};

}  // namespace runner::local
