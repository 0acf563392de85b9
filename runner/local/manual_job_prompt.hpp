#pragma once

#include <string>
#include <vector>

#include "runner/local/display.hpp"
#include "runner/local/pipeline_run.hpp"
#include "runner/local/terminal_input.hpp"

namespace runner::local {

/// Asks on the terminal which manual jobs of one pipeline to play. Strand: the I/O thread. All
/// references outlive it.
class ManualJobPrompt final : public ManualJobChooser {
  public:
    ManualJobPrompt(Display& display, TerminalInput& input,
                    const std::vector<pipeline::plan::PlannedJob>& jobs, std::string prefix)
        : display_(display), input_(input), jobs_(jobs), prefix_(std::move(prefix)) {}

    /// Asks again until every word of the answer is known. Nothing is chosen when the input ends,
    /// or when TerminalInput::cancel() ends the question.
    base::Task<std::vector<std::size_t>> choose(const std::vector<std::size_t>& manual) override;

  private:
    Display& display_;
    TerminalInput& input_;
    const std::vector<pipeline::plan::PlannedJob>& jobs_;
    std::string prefix_;
};

}  // namespace runner::local
