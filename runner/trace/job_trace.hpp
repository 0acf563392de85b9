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
    std::uint64_t limit_bytes = 4096 * 1024;  ///< of the log as it is stored
    bool timestamps = true;                   ///< FF_TIMESTAMPS
    bool sections = true;                     ///< the server's features.trace_sections
    std::shared_ptr<const MaskSet> masks;
};

/// One job's log: everything that is to be seen in it goes through here, is masked, made valid
/// UTF-8, cut into lines, stamped and spooled.
///
///     write_stage_output / print … ─► Masker ─► Utf8Repair ─► LineFraming ─► Spool
///
/// Life: create(), or restore() after the daemon's restart; end_stage() behind each stage; close()
/// before the final report. Thread: the I/O thread; calls return at once and cannot fail: flush()
/// answers what went wrong with the spool. Memory: bounded by the longest phrase and a line per
/// stream.
///
/// Checkpoint: flush() first, then save together, in one file written by rename: state(),
/// spool_bytes(), and the event offset behind the last record handed in. restore() with these
/// continues to the byte: state() has what is held back by maskers and unfinished lines (so it may
/// hold pieces of secrets, as the payload beside it does), and the spool is cut to the size that
/// was saved.
class JobTrace final : public executors::JobLog {
  public:
    static base::Result<std::unique_ptr<JobTrace>> create(TraceOptions options,
                                                          const base::Clock& clock);
    /// kInvalidInput when `state` is not one that state() has answered; else as Spool::open.
    static base::Result<std::unique_ptr<JobTrace>> restore(TraceOptions options,
                                                           const base::Clock& clock,
                                                           const std::string& state,
                                                           std::uint64_t spool_bytes);
    ~JobTrace() override;

    // Lines of the runner itself (job-runtime.md §3.1).
    void print(std::string_view text) override;
    void notice(std::string_view text) override;
    void heading(std::string_view text) override;
    void warning(std::string_view text) override;
    void error(std::string_view text) override;
    void service(std::string_view text, bool failed) override;

    /// Section markers with the time of the call; nothing unless the server knows sections.
    void section_start(std::string_view name);
    void section_end(std::string_view name);

    /// Bytes as they came, cut anywhere; `unix_micros` is when they were written.
    void write_stage_output(base::OutputStream stream, std::int64_t unix_micros,
                            std::string_view bytes);
    /// Script output was dropped before it came here: the log ends as at its limit.
    void cut();
    /// Ends the script's streams: unfinished lines and held back bytes go into the log.
    void end_stage();
    /// Ends all streams.
    void close();

    /// Hands everything that is decided to the spool's file.
    base::Result<void> flush();
    [[nodiscard]] std::string state() const;
    /// After flush(): what may be checkpointed and then uploaded.
    [[nodiscard]] std::uint64_t spool_bytes() const { return spool_->size(); }
    [[nodiscard]] std::string checksum() const { return format_checksum(spool_->crc32()); }
    [[nodiscard]] bool limit_reached() const { return spool_->limit_reached(); }
    [[nodiscard]] const Spool& spool() const { return *spool_; }

  private:
    class Channel;
    enum Place : std::size_t { kRunner, kScriptOut, kScriptErr, kServiceOut, kServiceErr, kPlaces };

    JobTrace(TraceOptions options, const base::Clock& clock, std::unique_ptr<Spool> spool);
    Channel& channel(Place place);
    void write(Place place, std::int64_t unix_micros, std::string_view bytes);
    void line(std::string_view before, std::string_view text, std::string_view after);
    void marker(std::string_view kind, std::string_view name);

    TraceOptions options_;
    const base::Clock& clock_;
    std::unique_ptr<Spool> spool_;
    std::array<std::unique_ptr<Channel>, kPlaces> channels_;
};

}  // namespace runner::trace
