#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace executors::docker {

/// Writes a tar archive in memory for the engine's "put archive" call: a handful of small files.
/// Pure. Names are relative to where it is unpacked; at most 255 bytes.
class TarBuilder {
  public:
    /// Of the entries that follow; root at first.
    void set_owner(unsigned uid, unsigned gid);
    void add_directory(std::string_view name, unsigned mode);
    void add_file(std::string_view name, std::string_view content, unsigned mode);
    void add_symlink(std::string_view name, std::string_view target);
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    /// Ends the archive and hands it out; the builder is empty after that.
    std::string finish();

  private:
    void add_header(std::string_view name, char type, std::size_t size, unsigned mode,
                    std::string_view link);
    std::string bytes_;
    unsigned uid_ = 0;
    unsigned gid_ = 0;
};

/// The first entry of an archive that the engine answered with.
struct TarEntry {
    char type = '0';  ///< '0' file, '2' symbolic link, '5' directory
    std::string content;
    std::string link;
};
base::Result<TarEntry> first_tar_entry(std::string_view archive);

}  // namespace executors::docker
