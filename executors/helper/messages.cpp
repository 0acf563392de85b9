#include "executors/helper/messages.hpp"

#include <map>

#include "base/json.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

RunStage parse_run(const Json& json) {
    RunStage run;
    run.stage = json.at("stage").get<std::uint16_t>();
    run.script = json.at("script").get<std::string>();
    run.shells = json.at("shells").get<std::vector<std::string>>();
    run.arguments = json.value("arguments", run.arguments);
    const auto environment = json.value("env", std::map<std::string, std::string>());
    run.environment.assign(environment.begin(), environment.end());
    run.cwd = json.value("cwd", run.cwd);
    run.user = json.value("user", run.user);
    run.deadline_ms = json.value("deadline_ms", run.deadline_ms);
    run.grace_ms = json.value("grace_ms", run.grace_ms);
    run.drain_ms = json.value("drain_ms", run.drain_ms);
    run.hidden = json.value("hidden", run.hidden);
    run.kill_group = json.value("kill_group", run.kill_group);
    run.login_once = json.value("login_once", run.login_once);
    run.report = json.value("report", run.report);
    return run;
}

StopStage parse_stop(const Json& json) {
    StopStage stop;
    stop.stage = json.at("stage").get<std::uint16_t>();
    stop.grace_ms = json.value("grace_ms", stop.grace_ms);
    return stop;
}

WaitEngine parse_wait(const Json& json) {
    WaitEngine wait;
    wait.id = json.at("id").get<std::string>();
    wait.socket = json.at("socket").get<std::string>();
    wait.timeout_ms = json.value("timeout_ms", wait.timeout_ms);
    wait.log = json.value("log", wait.log);
    wait.listening = json.value("listening", wait.listening);
    return wait;
}

FileCommand parse_file(const Json& json, FileCommand::Kind kind) {
    FileCommand file;
    file.kind = kind;
    file.id = json.at("id").get<std::string>();
    file.path = json.at(kind == FileCommand::Kind::kPutTar ? "dest" : "path").get<std::string>();
    file.mode = json.value("mode", 0U) & 07777U;
    file.user = json.value("user", file.user);
    file.unpack = json.value("unpack", file.unpack);
    return file;
}

ReadFile parse_read(const Json& json) {
    ReadFile read;
    read.version = json.at("version").get<int>();
    read.path = json.at("path").get<std::string>();
    read.user = json.value("user", read.user);
    read.offset = json.value("offset", read.offset);
    return read;
}

OpenTerminal parse_terminal(const Json& json) {
    OpenTerminal terminal;
    terminal.version = json.at("version").get<int>();
    terminal.shells = json.at("shells").get<std::vector<std::string>>();
    terminal.arguments = json.value("arguments", terminal.arguments);
    const auto environment = json.value("env", std::map<std::string, std::string>());
    terminal.environment.assign(environment.begin(), environment.end());
    terminal.cwd = json.value("cwd", terminal.cwd);
    terminal.user = json.value("user", terminal.user);
    terminal.rows = json.value("rows", terminal.rows);
    terminal.columns = json.value("columns", terminal.columns);
    return terminal;
}

Command parse_object(const Json& json) {
    const auto op = json.at("op").get<std::string>();
    if (op == "read") return parse_read(json);
    if (op == "terminal") return parse_terminal(json);
    if (op == "dial") {
        return Dial{json.at("version").get<int>(), json.at("host").get<std::string>(),
                    json.at("port").get<unsigned>()};
    }
    if (op == "hello")
        return Hello{json.at("version").get<int>(), json.at("from").get<std::uint64_t>()};
    if (op == "run") return parse_run(json);
    if (op == "stop") return parse_stop(json);
    if (op == "limit") return LimitOutput{json.at("max_output_bytes").get<std::uint64_t>()};
    if (op == "wait_engine") return parse_wait(json);
    if (op == "mkdir") return parse_file(json, FileCommand::Kind::kMkdir);
    if (op == "remove") return parse_file(json, FileCommand::Kind::kRemove);
    if (op == "put_file") return parse_file(json, FileCommand::Kind::kPutFile);
    if (op == "put_tar") return parse_file(json, FileCommand::Kind::kPutTar);
    if (op == "abort_upload") return AbortUpload{};
    if (op == "shutdown") return Shutdown{json.value("grace_ms", kDefaultShutdownGraceMs)};
    // The command is not quoted: a damaged frame may hold the value of a variable anywhere.
    throw Failure("unknown command");
}

}  // namespace

Command parse_command(std::string_view text) {
    try {
        return parse_object(Json::parse(text));
    } catch (const Json::exception& error) {
        // what() may quote the text, and in it the value of a variable.
        throw Failure("malformed command (json error " + std::to_string(error.id) + ")");
    }
}

std::string started_json(int pid, const std::string& shell) {
    return base::dump_json(Json{{"pid", pid}, {"shell", shell}});
}

std::string exited_json(const ExitReport& report) {
    Json json{{"code", report.code},
              {"signal", report.signal},
              {"reason", report.reason},
              {"message", report.message}};
    if (!report.output.empty()) json["output"] = report.output;
    if (!report.report.empty()) json["report"] = report.report;
    return base::dump_json(json);
}

std::string answer_json(const std::string& id, const std::string& error) {
    Json json{{"id", id}, {"ok", error.empty()}};
    if (!error.empty()) json["error"] = error;
    return base::dump_json(json);
}

std::string answer_json_from_worker(const std::string& id, const std::string& result) {
    Json json = base::parse_foreign_json(result);
    if (!json.is_object()) return answer_json(id, "the worker ended without an answer");
    json["id"] = id;
    return base::dump_json(json);
}

std::string event_json(std::string_view event, std::string_view key, std::int64_t value) {
    return base::dump_json(Json{{"event", event}, {std::string(key), value}});
}

std::string file_json(std::uint64_t size, std::uint64_t offset) {
    return base::dump_json(Json{{"ok", true}, {"size", size}, {"offset", offset}});
}

std::string opened_json() { return base::dump_json(Json{{"ok", true}}); }

std::string id_of_notice(const std::string& text) {
    const Json json = base::parse_foreign_json(text);
    if (!json.is_object() || !json.contains("id") || !json["id"].is_string()) return {};
    return json["id"].get<std::string>();
}

}  // namespace executors::helper
