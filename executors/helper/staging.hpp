#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executors/helper/posix.hpp"
#include "executors/helper/staged_index.hpp"
#include "executors/helper/task_pool.hpp"
#include "executors/helper/tree.hpp"

namespace executors::helper {

/// The files of a zip that are unpacked while the archive arrives. They wait in a directory beside
/// it, `NAME.files`, until the archive's directory is there: then StagedFiles gives what that
/// confirms, and the rest is unpacked from the archive. So nothing reaches the project before the
/// archive is whole, and nothing but what its directory says.
///
///     NAME.files/tree/…   the files, under the names of their local headers
///     NAME.files/index    StagedIndex
///
/// Life: add() for members as they are found, then finish() or give_up(). Threads: one calls it,
/// others unpack. Throws Failure where there can be no directory; a file that cannot be unpacked
/// is left out.
class Staging {
  public:
    static constexpr char kTree[] = "tree";
    static constexpr char kIndex[] = "index";
    /// The mode of a staged file, which most files have; another one is set when it is known.
    static constexpr mode_t kUsualMode = 0644;

    /// `parent`: the open directory of the archive; `name` is the archive's. What an earlier try
    /// has left there is removed. At most `cores` threads unpack.
    Staging(int parent, const std::string& name, unsigned cores);

    /// `archive` is read with pread(2), and has the bytes of the member already. May wait, so that
    /// what is to be unpacked stays bounded.
    void add(int archive, const ScannedMember& member);
    /// Waits for the files, and writes the index.
    void finish();
    /// Waits for what was begun, and removes everything.
    void give_up();
    /// A disk without room: nothing more is unpacked, and give_up() makes room.
    [[nodiscard]] bool is_full() const { return full_; }

    static std::string directory_of(const std::string& archive) { return archive + ".files"; }

  private:
    void take_first();
    /// Any thread.
    bool unpack(int archive, const ScannedMember& member, const Tree::Place& place);

    int parent_;
    std::string name_;
    UniqueFd root_;
    std::optional<Tree> tree_;
    std::size_t known_bytes_ = 0;
    std::atomic<bool> full_ = false;
    std::vector<ScannedMember> done_;
    struct Waiting {
        ScannedMember file;
        std::future<bool> unpacked;
    };
    std::deque<Waiting> waiting_;
    TaskPool pool_;  ///< last: its threads use the others
};

}  // namespace executors::helper
