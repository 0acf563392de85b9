#pragma once

namespace runner::status {

/// Resource usage of this process, from /proc and getrusage(2). A value that cannot be read is 0.
struct ProcessFigures {
    double cpu_seconds = 0;
    double resident_bytes = 0;
    double virtual_bytes = 0;
    double open_files = 0;
    double max_files = 0;
};

ProcessFigures process_figures();

}  // namespace runner::status
