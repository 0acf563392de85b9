#pragma once

#include <string>

#include "protocol/gitlab/payload.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The provenance statement (in-toto Statement v0.1 with SLSA Provenance v1) of a job, in one line
/// of JSON: without the subjects and the end time, which `runner-helper files` adds when it packs
/// the files. No value of a variable is in it. Pure. Source: job-runtime.md §7.4.
std::string provenance_template(const ScriptContext& context);

/// Whether `artifact` gets a statement: RUNNER_GENERATE_ARTIFACTS_METADATA, and a zip.
bool has_provenance(const ScriptContext& context, const protocol::gitlab::Artifact& artifact);

/// Warns of a SLSA_PROVENANCE_SCHEMA_VERSION that statements do not have.
void check_provenance_version(const ScriptContext& context, ShellWriter& writer);

}  // namespace runner::script
