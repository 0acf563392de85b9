#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/include/files.hpp"
#include "runner/pipeline/plan/create.hpp"

/// The texts that the tables and graphs of this folder share.
namespace runner::pipeline::view {

/// "file:line:column"; "" when the mark has no position.
std::string position_text(const Mark& mark, const std::vector<include::File>& files);

/// Whether one of the names is that of the job, or of the parallel job of which it is an instance.
/// Without names, all jobs are selected.
bool is_selected(const plan::Job& job, const std::vector<std::string>& names);

/// "manual", "delayed (30 minutes)".
std::string when_text(const plan::PlannedJob& planned);
/// "no", "yes", "exit codes 1, 2".
std::string allow_failure_text(const plan::PlannedJob& planned);
/// "-" for a job without `needs`, "none" for an empty list, else the names.
std::string needs_text(const plan::PlannedJob& planned);
/// Why a job is in the pipeline or left out, with the position of the rule that decided.
std::string reason_text(const std::string& reason, const std::vector<rules::Verdict>& verdicts,
                        const std::vector<include::File>& files);

/// A table of text: each column is as wide as its widest cell, columns are two blanks apart, and
/// the last column is not padded. Widths are numbers of code points.
std::string columns(const std::vector<std::vector<std::string>>& rows, const std::string& indent);

}  // namespace runner::pipeline::view
