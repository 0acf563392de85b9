#pragma once

#include <string>

#include "runner/pipeline/include/entry.hpp"
#include "runner/pipeline/include/source.hpp"

/// GitLab's messages about files that could not be included.
namespace runner::pipeline::include {

/// Why the file has no content. `fetched` is the answer of the source.
Problem fetch_problem(const Entry& entry, const Fetched& fetched);

std::string empty_file_message(const Entry& entry);

/// A problem of the content of an included file: GitLab puts the location of the file in front.
Problem with_location(const Entry& entry, const Problem& problem);

}  // namespace runner::pipeline::include
