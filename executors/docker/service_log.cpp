#include "executors/docker/service_log.hpp"

#include "executors/docker/stream_demux.hpp"

namespace executors::docker {

namespace {

constexpr std::size_t kPieceBytes = 16U << 10U;
/// A longer line is cut, as other lines of the job log are.
constexpr std::size_t kLongestLine = 8U << 10U;

/// Lines of one stream of one service.
class Lines {
  public:
    Lines(std::string head, bool failed) : head_(std::move(head)), failed_(failed) {}

    void add(std::string_view bytes, JobLog& log) {
        for (const char c : bytes) {
            if (c != '\n') line_ += c;
            if (c == '\n' || line_.size() >= kLongestLine) end(log);
        }
    }
    void end(JobLog& log) {
        log.service(head_ + line_, failed_);
        line_.clear();
    }
    [[nodiscard]] bool empty() const { return line_.empty(); }

  private:
    std::string head_;
    bool failed_;
    std::string line_;
};

}  // namespace

base::Task<void> follow_service(EngineApi& api, std::string id, std::string name,
                                JobLog* const& log, base::log::Scope daemon_log) {
    Lines out("[service:" + name + "] ", false);
    Lines err("[service:" + name + "] ", true);
    StreamDemux demux;
    auto stream = co_await api.follow_log(id, 0);
    while (stream && log != nullptr) {
        auto piece = co_await (*stream)->read_some(kPieceBytes);
        if (!piece || piece->empty() || log == nullptr) break;
        std::string errors;
        const auto size = demux.extract(*piece, errors);
        if (!size) break;
        out.add(std::string_view(*piece).substr(0, *size), *log);
        err.add(errors, *log);
    }
    if (log == nullptr) co_return;
    if (!stream) {
        daemon_log.warning(
            "A service's log cannot be shown in the job's",
            {{"service", log->masked(name)}, {"error", log->masked(stream.error().message)}});
    }
    for (Lines* lines : {&out, &err}) {
        if (!lines->empty()) lines->end(*log);
    }
}

}  // namespace executors::docker
