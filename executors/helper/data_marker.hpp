#pragma once

#include <optional>
#include <string>
#include <vector>

/// The note that lies beside the data of an inner engine, on a volume that jobs of one project use
/// one after the other: who has used the data, and how that ended. A job may write anything into
/// it, so it decides only whether the data is used again, never whether it is cleaned. Pure.
namespace executors::helper {

enum class DataState {
    kStarting,  ///< being cleaned, or an engine is starting on it
    kReady,     ///< an engine has answered with it
    kClean,     ///< the job has ended as it should
    kDamaged,   ///< the engine's builder has not started with it
};

/// What may not change from one job to the next.
struct EngineStamp {
    std::string program;  ///< tells builds of dockerd apart without a start of it
    std::string version;  ///< what `dockerd --version` says
    std::string store;    ///< the settings that choose the storage
};

struct DataMarker {
    DataState state = DataState::kStarting;
    /// How many jobs, one after the other, began with the data while no engine has answered. One
    /// may have been cancelled.
    int starts = 1;
    std::string boot;  ///< of the machine's kernel
    EngineStamp engine;
};

/// Nothing for a text that is no marker, and for one of another format.
std::optional<DataMarker> parse_marker(const std::string& text);
std::string dump_marker(const DataMarker& marker);

/// Why an engine cannot use the data: the end of a sentence for the job log, "" when it can.
std::string why_not_again(const DataMarker& marker, const EngineStamp& engine,
                          const std::string& boot);

/// The settings in a daemon.json, dockerd's arguments and DOCKER_DRIVER that choose the storage.
std::string storage_settings(const std::string& daemon_json, const std::vector<std::string>& words,
                             const std::string& driver_variable);
/// The setting by which the engine keeps its data in another place than the data root, "" for none.
std::string setting_elsewhere(const std::string& storage_settings);

/// One line of printable ASCII, of `limit` characters at most.
std::string as_shown(const std::string& text, std::size_t limit);

}  // namespace executors::helper
