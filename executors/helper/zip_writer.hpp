#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "executors/helper/deflate_block.hpp"
#include "executors/helper/task_pool.hpp"
#include "executors/helper/zip_records.hpp"

namespace executors::helper {

/// Writes a zip to a regular file, from its current offset on. Files are compressed in blocks on
/// all cores that this process may use, and written in order: the bytes do not depend on the number
/// of cores. Memory: about 2 MiB for each core, 32 MiB for what waits to be written, and the
/// archive's directory.
///
/// Life: add…() for every member, then finish(). Throws Failure.
class ZipWriter {
  public:
    /// `level`: of zlib; 0 stores all members. `packing`: the method of the others. `threads`: see
    /// TaskPool.
    ZipWriter(int output, int level, unsigned threads, zip::Method packing = zip::Method::kDeflate);

    /// A regular file with the content of `file`, at most st_size bytes of it. `store`: it does not
    /// get smaller. `path` is for messages.
    void add_file(const std::string& path, const struct stat& status, int file, bool store);
    /// A member whose content is here: a link with its target, a directory with none.
    void add_text(const std::string& name, const struct stat& status, std::string content);
    void finish();

  private:
    struct Waiting {
        std::size_t entry;
        std::size_t bytes;  ///< of the input
        std::future<PackedBlock> block;
    };

    std::size_t begin(const std::string& name, const struct stat& status, bool store);
    void submit(std::size_t entry, Block block);
    void write_next();
    void write(std::string_view bytes);
    void rewrite_header(const zip::Entry& entry);

    int output_;
    int level_;
    zip::Method packing_;
    std::uint64_t start_;
    std::uint64_t offset_ = 0;  ///< from the start of the archive
    std::vector<zip::Entry> entries_;
    std::deque<Waiting> waiting_;
    std::size_t waiting_bytes_ = 0;  ///< their inputs
    TaskPool pool_;
};

}  // namespace executors::helper
