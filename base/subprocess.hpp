#pragma once

#include <sys/types.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace base {

struct SubprocessOptions {
    std::vector<std::string> arguments;  ///< the program (looked up in PATH) first; no secrets here
    std::vector<std::string> environment;  ///< KEY=VALUE, added to or replacing our own
    bool inherit_environment = true;       ///< false: `environment` alone
    std::string directory;                 ///< "" for ours
    bool errors_with_output = false;       ///< standard error into the pipe; else /dev/null
    std::string output_file;               ///< standard output goes there, "": into the pipe
    /// A socket that becomes standard input and output; the pipe has standard error then. The
    /// caller closes its own copy. The program is killed when the thread that starts it ends, even
    /// by force. -1: none.
    int stdio_socket = -1;
    /// Standard input is a pipe that closes when the Subprocess is destroyed or this process ends.
    bool lifeline = false;
};

/// A program that the daemon itself runs, in a process group of its own. Standard input is
/// /dev/null or a lifeline; output comes through a pipe.
///
/// Life: start(), read_some() to the end of the output, wait() once. Strand: the I/O thread. The
/// destructor kills the process group, if it still runs, and reaps the program.
class Subprocess {
  public:
    static Result<std::unique_ptr<Subprocess>> start(const boost::asio::any_io_executor& executor,
                                                     const SubprocessOptions& options);
    ~Subprocess();
    Subprocess(const Subprocess&) = delete;
    Subprocess& operator=(const Subprocess&) = delete;

    /// "" at the end of the output.
    Task<Result<std::string>> read_some(std::size_t limit);
    /// Gives the output to a reader of its own; read_some() cannot be used any more.
    boost::asio::posix::stream_descriptor take_output() { return std::move(output_); }
    /// The exit status; 128 + n after signal n.
    Task<Result<int>> wait();
    /// To the process group, as long as wait() has not returned the end.
    void signal(int number);

  private:
    Subprocess(pid_t pid, UniqueFd lifeline, boost::asio::posix::stream_descriptor output,
               boost::asio::posix::stream_descriptor exit_event);
    int reap();

    pid_t pid_;
    UniqueFd lifeline_;
    boost::asio::posix::stream_descriptor output_;
    boost::asio::posix::stream_descriptor exit_event_;
};

/// Reaps children that no Subprocess has started. Process 1 of a container gets them: the kernel
/// gives it every process whose parent has ended. From the first call on, the end of a Subprocess
/// does the same, because a child that it has not reaped yet hides others behind it.
///
/// Call it after SIGCHLD. Strand: that of all Subprocess objects.
void reap_orphans();

/// The environment of a new program, as KEY=VALUE: ours, where `added` replaces what has the same
/// name; `added` alone without `inherit`.
std::vector<std::string> merged_environment(const std::vector<std::string>& added, bool inherit);
/// The array of pointers that exec(3) takes. Valid as long as `texts` is not changed.
std::vector<char*> pointers_to(std::vector<std::string>& texts);

struct ProgramEnd {
    std::string output;
    int status = 0;  ///< as Subprocess::wait()
};
/// Runs a program and collects its output; what comes after `most` bytes is dropped.
Task<Result<ProgramEnd>> run_to_end(boost::asio::any_io_executor executor,
                                    SubprocessOptions options,
                                    std::size_t most = std::string::npos);

}  // namespace base
