#pragma once

#include <fcntl.h>

#include <cstdint>
#include <optional>
#include <string>

#include "executors/helper/git_mirror.hpp"
#include "executors/helper/posix.hpp"

/// What filling a mirror and copying from it share (git_mirror.hpp): the files of the volume.
namespace executors::helper {

inline constexpr const char* kCurrentGeneration = "current";
inline constexpr const char* kFillLock = "lock";
inline constexpr const char* kReadLock = "read-lock";
/// Below a repository.
inline constexpr const char* kPacks = "/objects/pack";

/// A lock of flock(2), held until the object or the process ends.
class MirrorLock {
  public:
    /// Does not wait. Throws Failure, but not for a file that does not exist and is not to be made.
    MirrorLock(const std::string& path, int operation, int flags = O_RDWR | O_CREAT);
    [[nodiscard]] bool held() const { return held_; }
    [[nodiscard]] bool has_file() const { return static_cast<bool>(fd_); }

  private:
    UniqueFd fd_;
    bool held_ = false;
};

/// The complete generation; nullopt when there is none.
std::optional<std::string> current_generation(const std::string& volume);
/// Makes the directory `name` of the volume the complete generation.
void publish_generation(const std::string& volume, const std::string& name);

/// A new bare repository at `path`.
void make_repository(const MirrorRequest& request, const std::string& path);
/// The size of all packs, complete or not.
std::uint64_t pack_bytes(const std::string& repository);
/// Throws Failure when a pack is not what its index says.
void check_packs(const std::string& repository, bool sha256);
/// The objects that refs name, one a line.
std::string tips_of(const std::string& repository);

struct DiskSpace {
    std::uint64_t size = 0;
    std::uint64_t free = 0;
};
DiskSpace disk_space(const std::string& path);
/// "12 MiB"
std::string mebibytes(std::uint64_t bytes);

}  // namespace executors::helper
