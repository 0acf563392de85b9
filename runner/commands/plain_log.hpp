#pragma once

#include <string>
#include <string_view>

namespace runner::commands {

/// A job's log as GitLab gets it → text for a terminal: without the stamps at the begins of lines
/// (job-runtime.md §3.4), and with parts of one line joined. Logs without stamps stay as they are.
/// Pure; feed it pieces of any size.
class PlainLog {
  public:
    std::string feed(std::string_view bytes);
    /// What was held back, at the end of the log.
    std::string finish();

  private:
    void take(char c, std::string& out);
    void take_stamp(char c, std::string& out);
    void end_line_before(std::string& out);

    bool at_begin_ = true;     ///< of a line, which may have a stamp
    bool line_ended_ = false;  ///< a line feed is held back: the next line may belong to this one
    std::string stamp_;        ///< as much as has come of it
};

}  // namespace runner::commands
