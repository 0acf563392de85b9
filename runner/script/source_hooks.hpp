#pragma once

#include "runner/script/script_context.hpp"

namespace runner::script {

enum class SourceHook { kPreGetSources, kPostGetSources };

/// Writes the administrator's and the job's scripts that run before or after git. The
/// administrator's script is the outer one: the first before git, the last after it.
void write_source_hook(ShellWriter& writer, const ScriptContext& context, SourceHook hook);

}  // namespace runner::script
