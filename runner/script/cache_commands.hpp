#pragma once

#include <string>
#include <string_view>

#include "protocol/gitlab/payload.hpp"
#include "runner/script/script_context.hpp"

/// The commands that restore and save one cache: of runner-helper, or of a runner's program that
/// is where the script runs (ScriptSettings::by_driver). Pure. A command may follow "if"; nothing
/// may follow on its last line. `detailed`: runner-helper tells by its exit code what it has done.
namespace runner::script {

std::string cache_restore_command(const ScriptContext& context, const std::string& file);
std::string cache_save_command(const ScriptContext& context, const protocol::gitlab::Cache& cache,
                               const std::string& file, std::string_view format, bool detailed);

}  // namespace runner::script
