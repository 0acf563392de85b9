#pragma once

namespace executors::helper {

/// The exit codes of `runner-helper files`.
enum class FilesExit : int {
    kDone = 0,  ///< of an artifact also when nothing was selected
    kFailed = 1,
    kNothing = 3,
    kUnchanged = 4,
};
constexpr int to_int(FilesExit code) { return static_cast<int>(code); }

}  // namespace executors::helper
