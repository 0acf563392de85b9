#pragma once

#include <cstddef>

/// How large the texts of one job may become when their variables are replaced. One value of 100 KB
/// that is named 20,000 times would else need gigabytes of the daemon.
namespace runner::script {

/// The values of all variables together.
inline constexpr std::size_t kMaxVariablesBytes = 16U << 20U;
/// The values of all masked variables together: masks need many times their size.
inline constexpr std::size_t kMaxMaskedBytes = 1U << 20U;
/// One name: of an image or a service, a key of a cache, a user, a label. A path has at most 4 KiB.
inline constexpr std::size_t kMaxNameBytes = 8U << 10U;
/// All names together. They stand several times in the scripts of a job, quoted twice.
inline constexpr std::size_t kMaxNamesBytes = 1U << 20U;
/// One other text: a line of the release step, a pattern of an artifact.
inline constexpr std::size_t kMaxTextBytes = 1U << 20U;
/// All these texts together, with the environments of the services.
inline constexpr std::size_t kMaxTextsBytes = 32U << 20U;
/// Name, "=", value and the closing zero of one variable in the environment of a process:
/// MAX_ARG_STRLEN of Linux.
inline constexpr std::size_t kMaxEntryBytes = 128U << 10U;
/// All variables of a process: Linux allows 2 MiB for a stack limit of 8 MiB, with the arguments.
inline constexpr std::size_t kMaxEnvironmentBytes = (2U << 20U) - (128U << 10U);

}  // namespace runner::script
