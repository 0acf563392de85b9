#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "protocol/http/stream.hpp"

namespace executors::docker {

/// The connection to a program that runs in a container by exec: what it writes to standard output
/// comes back from read_some(), what is written goes to its standard input. Standard error is kept
/// for the error message: when the program ends with an exit code other than 0 before it wrote to
/// standard output, read_some() answers kUnavailable instead of 0; or kNotFound when there is a
/// `hint` (the text that explains such an end to the user).
///
/// `api` outlives the stream. Strand and cancellation: those of ByteStream.
base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> open_exec(
    EngineApi& api, std::string container, ExecSpec spec, std::string hint = "");

/// What a short program answered.
struct ExecResult {
    int exit_code = 0;
    std::string output;
    std::string errors;
};

/// Runs a program to its end; of its output at most a megabyte is kept. `input` goes to its
/// standard input, which stays open: the program must know where the input ends.
base::Task<base::Result<ExecResult>> run_exec(EngineApi& api, std::string container, ExecSpec spec,
                                              std::string input = "");

}  // namespace executors::docker
