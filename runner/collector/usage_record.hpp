#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "executors/docker/engine_usage.hpp"

namespace runner::collector {

/// The use of volumes and images of engines by the jobs of one state directory, in files of it:
///
///     used/ENGINE/volumes/NAME   empty; its time of modification is the last use
///     used/ENGINE/images/ID      the names by which the runner has pulled the image, one per line;
///                                likewise
///
/// A use costs one system call per object, needs no space beyond an inode, and a file is never half
/// written. A file that cannot be written is logged once, and the object counts as not used since.
///
/// Strand: the I/O thread; `runner gc` without a daemon has the state directory's lock.
class UsageRecord final : public executors::docker::UsageLog {
  public:
    struct PulledImage {
        std::set<std::string> names;  ///< canonical_image_name()
        std::int64_t last_used_unix_micros = 0;
    };

    explicit UsageRecord(const std::filesystem::path& state_dir) : root_(state_dir / "used") {}

    void volume_used(const std::string& engine, const std::string& volume) override;
    void image_used(const std::string& engine, const std::string& image_id) override;
    void image_pulled(const std::string& engine, const std::string& image_id,
                      const std::string& name) override;

    /// By name: the last use, in microseconds since 1970.
    [[nodiscard]] std::map<std::string, std::int64_t> volumes(const std::string& engine) const;
    /// By id. Images that the runner has not pulled are not in it.
    [[nodiscard]] std::map<std::string, PulledImage> images(const std::string& engine) const;

    /// The object is gone.
    void forget_volume(const std::string& engine, const std::string& volume);
    void forget_image(const std::string& engine, const std::string& image_id);

  private:
    [[nodiscard]] std::filesystem::path folder(const std::string& engine, const char* kind) const;
    void touch(const std::filesystem::path& file);
    void complain(const std::filesystem::path& file, const std::string& why);

    std::filesystem::path root_;
    bool complained_ = false;
};

}  // namespace runner::collector
