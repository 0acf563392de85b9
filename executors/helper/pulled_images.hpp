#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executors/helper/data_root.hpp"

/// The names of images in the kept data of an engine that came from a registry, or went to one. An
/// engine that does not know such a name asks the registry for it at the next use, as an empty
/// engine does, and has the layers already. What a job has built, loaded or named itself is not
/// meant, and neither are the images that the runner brings (`own`), which it has looked for
/// itself.
namespace executors::helper {

/// The storage drivers' list of names ("repositories.json") without these names; nothing when there
/// is none, or the text is no such list. A repository that a registry knows has a digest in the
/// list, for the same image. The digests stay, and with them the images. Pure.
std::optional<std::string> without_pulled_names(const std::string& repositories,
                                                const std::vector<std::string>& own);

/// The same names in the database of containerd's image store ("meta.db"), as it writes them.
/// Content that came from a registry is labelled with the registry's host. Pure.
std::vector<std::string> pulled_names(std::string_view database,
                                      const std::vector<std::string>& own);

/// Takes the names out of the lists of the storage drivers, before an engine starts. Answers those
/// of containerd's store, which only the engine can take away (untag_images.hpp). Throws Failure.
std::vector<std::string> forget_pulled_images(const DataRoot& root,
                                              const std::vector<std::string>& own);

}  // namespace executors::helper
