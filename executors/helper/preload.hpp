#pragma once

#include <string>
#include <vector>

/// Images that the daemon copies from its own Docker engine to the engine inside the job.
///
/// A mark names one copy. The daemon puts the file `pending-<mark>`, which has the image's name,
/// into the marks directory of the container before it starts; the copy has not ended while the
/// file exists. load_image() removes it, also when the copy failed, and leaves the reason of a
/// failure in `failed-<mark>`.
namespace executors::helper {

inline constexpr char kMarksDirectory[] = "/.runner-preload";
inline constexpr char kBuilderMark[] = "builder";

struct LoadOptions {
    std::string image;
    /// The id of the image on the daemon's engine; an image with this id is not copied again.
    std::string id;
    /// Time of creation and layers of the image there, joined by commas; "" when they are not
    /// known. An image with the same is not copied again, either: its id may be another one,
    /// because a store of containerd has ids of its own.
    std::string content;
    std::string mark;
    std::string socket = "/var/run/docker.sock";
    std::string marks = kMarksDirectory;
};

/// Waits for the inner engine, then prints "have" or "send". After "send" it reads the image's
/// archive from standard input. Returns the exit code: 0 when the engine has the image.
int load_image(const LoadOptions& options);

/// A copy that has not ended.
struct PendingImage {
    std::string mark;
    std::string name;  ///< of the image
};
std::vector<PendingImage> pending_images(const std::string& marks = kMarksDirectory);

/// Blocks until these copies have ended. Prints the reasons of failures to standard error.
void wait_for_images(const std::vector<PendingImage>& images,
                     const std::string& marks = kMarksDirectory);

}  // namespace executors::helper
