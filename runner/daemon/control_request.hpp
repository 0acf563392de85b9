#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "protocol/http/message.hpp"

/// What a request over the control socket asks for, and who may ask. Pure, but for the names of
/// users.
namespace runner::daemon {

struct ControlRequest {
    enum class Action {
        kPage,      ///< a page of the status endpoint
        kPostOnly,  ///< one of the actions below with another method
        kState,     ///< GET /control: what is paused, and what still runs
        kPause,     ///< POST /control/pause[?runner=NAME]
        kResume,    ///< POST /control/resume[?runner=NAME]
        kDrain,     ///< POST /control/drain
        kCancel,    ///< POST /jobs/ID/cancel[?runner=NAME&reason=TEXT]
        kCollect,   ///< POST /control/gc[?dry_run=true][&all=true]
    };
    Action action = Action::kPage;
    std::string runner;    ///< its name, "" for all
    std::int64_t job = 0;  ///< of kCancel
    std::string reason;    ///< of kCancel, for the job's log; one line
    bool dry_run = false;  ///< of kCollect
    bool all = false;      ///< of kCollect
};

/// kInvalidInput for the number of a job that is none.
base::Result<ControlRequest> parse_control_request(const protocol::http::Request& request);

/// Root, the user of the daemon, and the members of the socket's group may.
bool may_control(const protocol::http::Peer& peer, uid_t daemon_user, gid_t socket_group);

/// Where the control socket is: in the first directory of $RUNTIME_DIRECTORY (systemd.exec(5)),
/// else in the state directory.
std::filesystem::path control_socket_path(const std::filesystem::path& state_dir,
                                          const char* runtime_directory);

/// Its name in the state directory: the socket, or a link to it.
inline constexpr const char* kControlSocketName = "runner.sock";

}  // namespace runner::daemon
