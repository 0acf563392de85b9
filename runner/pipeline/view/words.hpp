#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/include/files.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::pipeline::view {

/// "file:line:column", "" for a mark without place.
std::string place_text(const Mark& mark, const std::vector<include::File>& files);

/// "manual", "delayed (30 minutes)".
std::string when_text(const plan::PlannedJob& planned);
/// "no", "yes", "exit codes 1, 2".
std::string allow_failure_text(const plan::PlannedJob& planned);
/// "-" for a job that follows stages, "none" for an empty list, else the names.
std::string needs_text(const plan::PlannedJob& planned);
/// Why it is in or out, with the place of what decided.
std::string reason_text(const std::string& reason, const std::vector<rules::Verdict>& verdicts,
                        const std::vector<include::File>& files);

/// Columns to the width of their widest cell, two blanks apart; the last column is not padded.
/// Width counts code points.
std::string columns(const std::vector<std::vector<std::string>>& rows, const std::string& indent);

}  // namespace runner::pipeline::view
