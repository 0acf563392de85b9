#pragma once

#include <string>

/// Images that the daemon copies from its own engine into the one inside the job.
///
/// A mark is a name for one copy. While `pending-<mark>` exists in the marks directory the copy is
/// to come or under way; the daemon puts that file into the container before it starts.
/// load_image() removes it whatever happens, and leaves the reason of a failure in `failed-<mark>`.
namespace executors::helper {

inline constexpr char kMarksDirectory[] = "/.runner-preload";
inline constexpr char kBuilderMark[] = "builder";

struct LoadOptions {
    std::string image;
    std::string
        id;  ///< of the image on the daemon's engine: not copied when the inner one has the same
    std::string mark;
    std::string socket = "/var/run/docker.sock";
    std::string marks = kMarksDirectory;
};

/// Waits for the engine, then says "have" or "send" on standard output; after "send" the image's
/// archive comes by standard input. The exit code is that of a program: 0 when the image is there.
int load_image(const LoadOptions& options);

/// Blocks until no copy but (or, with `builder`, also) the builder's is pending. What failed is
/// said on standard error. Answers whether all of them worked.
bool wait_for_images(bool builder, const std::string& marks = kMarksDirectory);

}  // namespace executors::helper
