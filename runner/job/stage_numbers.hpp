#pragma once

#include <cstddef>
#include <cstdint>

#include "runner/journal/journal.hpp"

/// The supervisor's number of a script: unique within the job and the same after a restart. Pure.
namespace runner::job {

/// The most tries or archives of a stage; they are numbered from 0 to kMaxParts - 1.
inline constexpr std::size_t kMaxParts = 1024;

/// `part`: which try, or which of the stage's archives.
std::uint16_t stage_number(std::size_t plan_index, std::size_t part, bool recovery_script = false);

/// A try of a stage may have several scripts.
enum class ScriptPart { kMain, kBefore, kClean, kRecovery };

/// The number of a script of the stage and the try that the checkpoint names.
std::uint16_t script_number(const journal::Checkpoint& checkpoint,
                            ScriptPart part = ScriptPart::kMain);

}  // namespace runner::job
