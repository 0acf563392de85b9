#include "executors/session/frames.hpp"

#include "base/json.hpp"

namespace executors::session {

namespace {

using Json = nlohmann::json;

std::string frame_of(const Json& json) { return helper::make_frame(base::dump_json(json)); }

template <typename T>
T field(const Json& json, const char* name, T otherwise) {
    const auto found = json.find(name);
    if (found == json.end()) return otherwise;
    try {
        return found->get<T>();
    } catch (const Json::exception&) {
        return otherwise;
    }
}

StageExit::Reason parse_reason(const std::string& text) {
    using Reason = StageExit::Reason;
    if (text == "exit") return Reason::kExited;
    if (text == "deadline") return Reason::kDeadline;
    if (text == "stopped") return Reason::kStopped;
    return Reason::kStartFailed;
}

}  // namespace

std::string hello_frame(std::uint64_t from) {
    return frame_of({{"op", "hello"}, {"version", helper::kProtocolVersion}, {"from", from}});
}

std::string run_frame(const StageCommand& command) {
    const Json json{{"op", "run"},
                    {"stage", command.stage},
                    {"script", command.script},
                    {"shells", command.shells.empty() ? default_shells() : command.shells},
                    {"arguments", command.arguments},
                    {"env", command.environment},
                    {"cwd", command.cwd},
                    {"user", command.user},
                    {"deadline_ms", command.deadline.count()},
                    {"grace_ms", command.grace.count()},
                    {"drain_ms", command.drain.count()},
                    {"hidden", command.hidden},
                    {"kill_group", command.kill_group},
                    {"login_once", command.login_once},
                    {"report", command.report}};
    return frame_of(json);
}

std::string stop_frame(std::uint16_t stage, std::chrono::milliseconds grace) {
    return frame_of({{"op", "stop"}, {"stage", stage}, {"grace_ms", grace.count()}});
}

std::string limit_frame(std::uint64_t max_output_bytes) {
    return frame_of({{"op", "limit"}, {"max_output_bytes", max_output_bytes}});
}

std::string wait_engine_frame(const std::string& id, const std::string& socket,
                              std::chrono::milliseconds limit, const std::string& log,
                              bool listening) {
    return frame_of({{"op", "wait_engine"},
                     {"id", id},
                     {"socket", socket},
                     {"timeout_ms", limit.count()},
                     {"log", log},
                     {"listening", listening}});
}

std::string file_frame(std::string_view op, const std::string& id, const std::string& path,
                       unsigned mode, const std::string& user) {
    return frame_of({{"op", op},
                     {"id", id},
                     {op == "put_tar" ? "dest" : "path", path},
                     {"mode", mode},
                     {"user", user}});
}

std::string put_file_frame(const std::string& id, const FileTarget& target) {
    return frame_of({{"op", "put_file"},
                     {"id", id},
                     {"path", target.path},
                     {"mode", target.mode},
                     {"user", target.user},
                     {"unpack", target.unpack}});
}

std::string data_frame(std::string_view bytes) {
    const auto prefix = helper::encode_frame_prefix(static_cast<std::uint32_t>(bytes.size()), true);
    std::string frame(prefix.data(), prefix.size());
    frame.append(bytes);
    return frame;
}

std::string read_frame(const std::string& path, const std::string& user, std::uint64_t offset) {
    return frame_of({{"op", "read"},
                     {"version", helper::kProtocolVersion},
                     {"path", path},
                     {"user", user},
                     {"offset", offset}});
}

std::string terminal_frame(const TerminalCommand& command) {
    return frame_of({{"op", "terminal"},
                     {"version", helper::kProtocolVersion},
                     {"shells", command.shells.empty() ? default_shells() : command.shells},
                     {"arguments", command.arguments},
                     {"env", command.environment},
                     {"cwd", command.cwd},
                     {"user", command.user},
                     {"rows", command.rows},
                     {"columns", command.columns}});
}

std::string dial_frame(const std::string& host, std::uint16_t port) {
    return frame_of(
        {{"op", "dial"}, {"version", helper::kProtocolVersion}, {"host", host}, {"port", port}});
}

std::string abort_upload_frame() { return frame_of({{"op", "abort_upload"}}); }

std::string shutdown_frame(std::chrono::milliseconds grace) {
    return frame_of({{"op", "shutdown"}, {"grace_ms", grace.count()}});
}

StageExit parse_exit(std::string_view text) {
    const Json json = base::parse_foreign_json(text);
    if (!json.is_object()) {
        return {1,  0, StageExit::Reason::kStartFailed, "the supervisor's report cannot be read",
                "", ""};
    }
    return {field(json, "code", 1),
            field(json, "signal", 0),
            parse_reason(field<std::string>(json, "reason", "")),
            field<std::string>(json, "message", ""),
            field<std::string>(json, "output", ""),
            field<std::string>(json, "report", "")};
}

Notice parse_notice(std::string_view text) {
    const Json json = base::parse_foreign_json(text);
    Notice notice;
    if (!json.is_object()) return notice;
    notice.id = field<std::string>(json, "id", "");
    notice.ok = field(json, "ok", false);
    notice.error = field<std::string>(json, "error", "");
    notice.event = field<std::string>(json, "event", "");
    for (const char* name : {"limit", "left", "entries"}) {
        notice.number = field<std::int64_t>(json, name, notice.number);
    }
    notice.waited_ms = field<std::int64_t>(json, "waited_ms", 0);
    notice.log_tail = field<std::string>(json, "log_tail", "");
    return notice;
}

base::Result<FileAnswer> parse_file_answer(std::string_view text) {
    const Json json = base::parse_foreign_json(text);
    if (!json.is_object() || !field(json, "ok", false)) {
        const std::string error =
            json.is_object() ? field<std::string>(json, "error", "") : std::string();
        return base::make_error(base::ErrorKind::kIo,
                                error.empty() ? "the supervisor's answer cannot be read" : error);
    }
    return FileAnswer{field<std::uint64_t>(json, "size", 0),
                      field<std::uint64_t>(json, "offset", 0)};
}

}  // namespace executors::session
