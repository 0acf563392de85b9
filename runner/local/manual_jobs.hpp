#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/pipeline/plan/create.hpp"

/// Manual jobs: which ones --manual names, and the question about the others. Pure.
namespace runner::local {

/// Whether `names` contains the job's name or its definition's, alone or with `prefix`, which the
/// display puts in front of the jobs of a child pipeline ("child / ").
bool is_named(const std::set<std::string>& names, const std::string& prefix,
              const pipeline::plan::Job& job);

/// Those of `names` that mean a job of this pipeline. kNotFound for a name that can mean no job of
/// this pipeline and none of its child pipelines. The jobs of a child are not known before the
/// child is created: a name may be theirs when it begins with the name of a bridge, or when it has
/// no " / " in it and there is a bridge. In a child pipeline (`prefix` is not empty) no name is
/// refused.
base::Result<std::set<std::string>> find_manual_names(
    const std::vector<pipeline::plan::PlannedJob>& jobs, const std::set<std::string>& names,
    const std::string& prefix);

/// The list of manual jobs with numbers, and the question which ones to play. `manual`: positions
/// in `jobs`.
std::string manual_question(const std::vector<pipeline::plan::PlannedJob>& jobs,
                            const std::vector<std::size_t>& manual, const std::string& prefix);

/// What the user answered to manual_question().
struct ManualAnswer {
    std::vector<std::size_t> chosen;     ///< positions in `jobs`
    std::optional<std::string> unknown;  ///< a word that is neither a number nor a name of the list
};

/// Understands "all", numbers of the list and names, separated by commas or blanks. A name that
/// has blanks must be the whole answer.
ManualAnswer parse_manual_answer(const std::string& line,
                                 const std::vector<pipeline::plan::PlannedJob>& jobs,
                                 const std::vector<std::size_t>& manual);

}  // namespace runner::local
