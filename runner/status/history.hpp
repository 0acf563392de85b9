#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runner/status/snapshot.hpp"

namespace runner::status {

/// The jobs that ended last, in a SQLite file that survives the daemon. It is opened when it is
/// first used. What is in its place and cannot be used (a damaged file, one of another program or
/// of a newer version, a directory) is set aside (".broken") and begun anew; while that is not
/// possible, nothing is kept, and the log says so once. Strand: the I/O thread; a call takes
/// well under a millisecond, because nothing is synced but the checkpoints of the write-ahead log.
class History {
  public:
    /// `most`: jobs that are kept; 0 for none, without a file.
    History(std::filesystem::path file, std::size_t most);
    ~History();
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    /// Takes effect at the next add().
    void keep(std::size_t most) { most_ = most; }
    void add(const RecentJob& job);
    /// The newest first.
    [[nodiscard]] std::vector<RecentJob> recent(std::size_t most);
    /// Those with this number, the newest first; at most 20.
    [[nodiscard]] std::vector<RecentJob> find(std::int64_t job);

  private:
    class Database;
    void set_aside(const std::string& why);
    template <typename Use>
    void use(Use use);

    std::filesystem::path file_;
    std::size_t most_;
    std::unique_ptr<Database> database_;
    bool failed_ = false;
};

}  // namespace runner::status
