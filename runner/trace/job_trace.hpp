#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/output_stream.hpp"
#include "base/result.hpp"
#include "executors/job_log.hpp"
#include "runner/trace/line_framing.hpp"
#include "runner/trace/mask_set.hpp"
#include "runner/trace/spool.hpp"

namespace runner::trace {

struct TraceOptions {
    std::filesystem::path spool_path;
    std::uint64_t limit_bytes = 4096 * 1024;  ///< of the stored log
    bool timestamps = true;                   ///< FF_TIMESTAMPS
    bool sections = true;                     ///< the server's features.trace_sections
    std::shared_ptr<const MaskSet> masks;
};

/// The log of one job. Everything that is shown in it goes through this class: it is masked, made
/// valid UTF-8, cut into lines, stamped and written to the spool.
///
///     write_stage_output / print … ─► Masker ─► Utf8Repair ─► LineFraming ─► Spool
///
/// Life: create(), or restore() after a restart of the daemon; end_stage() after each stage;
/// close() before the final report. Strand: the I/O thread. Calls return at once and do not fail;
/// flush() answers the errors of the spool. Memory: at most the longest phrase and one line per
/// stream.
///
/// Checkpoint: flush() first, then save together, in one file that is written by rename: state(),
/// spool_bytes(), and the event offset after the last record that was written here. restore() with
/// these values continues at the same byte: state() has the bytes that the maskers hold back and
/// the unfinished lines (so it may have parts of secrets, as the payload has), and the spool is cut
/// to the saved size.
class JobTrace final : public executors::JobLog {
  public:
    static base::Result<std::unique_ptr<JobTrace>> create(TraceOptions options,
                                                          const base::Clock& clock);
    /// kInvalidInput when `state` does not come from state(); else as Spool::open().
    static base::Result<std::unique_ptr<JobTrace>> restore(TraceOptions options,
                                                           const base::Clock& clock,
                                                           const std::string& state,
                                                           std::uint64_t spool_bytes);
    ~JobTrace() override;

    // Lines of the runner itself (job-runtime.md §3.1).
    void print(std::string_view text) override;
    void progress(std::string_view text, bool last) override;
    void notice(std::string_view text) override;
    void heading(std::string_view text) override;
    void warning(std::string_view text) override;
    void error(std::string_view text) override;
    void service(std::string_view text, bool failed) override;
    [[nodiscard]] std::string masked(std::string_view text) const override;
    /// Replaces the masks, because secrets became known. After restore(), call it before anything
    /// is written.
    void change_masks(std::shared_ptr<const MaskSet> masks);

    /// Section markers with the time of the call; nothing when the server does not know sections.
    void section_start(std::string_view name);
    void section_end(std::string_view name);

    /// Bytes of the script, in pieces of any size; `unix_micros` is the time when it wrote them.
    void write_stage_output(base::OutputStream stream, std::int64_t unix_micros,
                            std::string_view bytes);
    /// Script output was dropped before: ends the log as if its limit had been reached.
    void cut();
    /// Ends the streams of the script: unfinished lines and bytes that were held back are written.
    void end_stage();
    /// Ends all streams.
    void close();

    /// Writes everything that is not held back to the file of the spool.
    base::Result<void> flush();
    [[nodiscard]] std::string state() const;
    /// After flush(): the bytes that may be checkpointed and then uploaded.
    [[nodiscard]] std::uint64_t spool_bytes() const { return spool_->size(); }
    [[nodiscard]] std::string checksum() const { return format_checksum(spool_->crc32()); }
    [[nodiscard]] bool limit_reached() const { return spool_->limit_reached(); }
    [[nodiscard]] const Spool& spool() const { return *spool_; }

  private:
    class Channel;
    enum ChannelId : std::size_t {
        kRunner,
        kScriptOut,
        kScriptErr,
        kServiceOut,
        kServiceErr,
        kChannels
    };

    JobTrace(TraceOptions options, const base::Clock& clock, std::unique_ptr<Spool> spool);
    Channel& channel(ChannelId id);
    void write(ChannelId id, std::int64_t unix_micros, std::string_view bytes);
    void line(std::string_view before, std::string_view text, std::string_view after);
    void marker(std::string_view kind, std::string_view name);

    TraceOptions options_;
    const base::Clock& clock_;
    std::unique_ptr<Spool> spool_;
    std::array<std::unique_ptr<Channel>, kChannels> channels_;
};

}  // namespace runner::trace
