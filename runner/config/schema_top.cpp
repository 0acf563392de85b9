#include "runner/config/setters.hpp"

namespace runner::config::schema {

namespace {

constexpr std::string_view kNoMachines = "this runner has no docker+machine executor";
constexpr std::string_view kNoUsageLog = "this runner writes no usage log";

constexpr Key kGlobal[] = {
    key("concurrent", Type::kInt, "1", global<&Config::concurrent>,
        "how many jobs run at once, over all [[runners]]"),
    key("check_interval", Type::kInt, "3", global<&Config::check_interval_seconds>,
        "seconds of one polling cycle; 0 or less means 3"),
    key("log_level", Type::kString, "info", global<&Config::log_level>,
        "debug, info, warn, error, fatal or panic; the command line wins")
        .one_of("debug|info|warn|warning|error|fatal|panic"),
    key("log_format", Type::kString, "runner", global<&Config::log_format>,
        "runner, text or json; the command line wins")
        .one_of("runner|text|json"),
    key("listen_address", Type::kString, "", global<&Config::listen_address>,
        "host:port of the status page and the metrics; \":9252\" for all interfaces, empty for "
        "none"),
    ignored("sentry_dsn", Type::kString, "", "this runner reports to no error tracker"),
    key("connection_max_age", Type::kDuration, "15m0s", global<&Config::connection_max_age>,
        "idle connections to GitLab older than this are not used again; 0: no limit"),
    key("shutdown_timeout", Type::kInt, "30", global<&Config::shutdown_timeout_seconds>,
        "seconds that stopped jobs have to clean up; 0 or less means 30"),
    ignored("user", Type::kString, "", "give `run --user` instead"),
    key("labels", Type::kStringMap, "", global<&Config::labels>,
        "labels of all runners, told to GitLab"),
};

constexpr Key kStatus[] = {
    key("recent_jobs", Type::kInt, "1000", status<&StatusSettings::recent_jobs>,
        "ended jobs that the status page remembers; 0: none"),
    key("token_file", Type::kString, "", status<&StatusSettings::token_file>,
        "file with the bearer token that requests to listen_address must bring"),
    key("tls_cert_file", Type::kString, "", status<&StatusSettings::tls_cert_file>,
        "PEM file with the certificate of listen_address, which then speaks TLS"),
    key("tls_key_file", Type::kString, "", status<&StatusSettings::tls_key_file>,
        "PEM file with the key of that certificate"),
    key("socket_group", Type::kString, "", global<&Config::socket_group>,
        "group whose members may use the control socket; empty for the daemon's own"),
};

constexpr Key kSessionServer[] = {
    key("listen_address", Type::kString, "", session_server<&SessionServerSettings::listen_address>,
        "host:port of web terminals, as in \"0.0.0.0:8093\"; empty for none"),
    key("advertise_address", Type::kString, "",
        session_server<&SessionServerSettings::advertise_address>,
        "host:port by which GitLab reaches listen_address; empty for the same"),
    key("session_timeout", Type::kInt, "1800",
        session_server<&SessionServerSettings::session_timeout_seconds>,
        "seconds that a job waits at its end for a connected terminal; 0 or less means 1800"),
};

constexpr Key kDisk[] = {
    key("collect_below", Type::kString, "15%, 50GB", disk<&DiskSettings::collect_below>,
        "unused volumes and images of jobs are removed when less of an engine's disk is free: a "
        "part, a size, or the smaller one of both; 0: never"),
    key("collect_until", Type::kString, "20%, 75GB", disk<&DiskSettings::collect_until>,
        "they are removed, the longest unused ones first, until so much is free"),
    key("pause_below", Type::kString, "5%, 5GB", disk<&DiskSettings::pause_below>,
        "no jobs are taken while less is free of the disk of an engine, a builds directory or the "
        "state directory; 0: never"),
    key("collect_below_inodes", Type::kString, "10%", disk<&DiskSettings::collect_below_inodes>,
        "the same for inodes: a part, a number, or the smaller one of both"),
    key("collect_until_inodes", Type::kString, "15%", disk<&DiskSettings::collect_until_inodes>,
        "likewise"),
    key("pause_below_inodes", Type::kString, "3%", disk<&DiskSettings::pause_below_inodes>,
        "likewise"),
};

constexpr Key kShutdownDrain[] = {
    ignored("enabled", Type::kBool, "false"),
    ignored("concurrency", Type::kInt, "3"),
    ignored("max_retries", Type::kInt, "3"),
    ignored("retry_backoff", Type::kDuration, "5s"),
};

constexpr Key kUsageLogger[] = {
    ignored("enabled", Type::kBool, "false"),
    ignored("writers", Type::kStrings),
    ignored("log_dir", Type::kString),
    ignored("max_backup_files", Type::kInt),
    ignored("max_rotation_age", Type::kDuration),
    ignored("labels", Type::kStringMap),
};

constexpr Key kUsageLogrotate[] = {
    ignored("log_dir", Type::kString),
    ignored("max_backup_files", Type::kInt),
    ignored("max_rotation_age", Type::kDuration),
    ignored("labels", Type::kStringMap),
};

constexpr Key kUsageSnowplow[] = {
    ignored("collector_uri", Type::kString),
    ignored("app_id", Type::kString),
    ignored("category", Type::kString),
    ignored("realm", Type::kString),
    ignored("deployment_type", Type::kString),
    ignored("metadata", Type::kStringMap),
    ignored("enable_oidc", Type::kBool),
    ignored("batch_delivery_duration_buckets", Type::kAny),
    ignored("skip_oidc_if_unsupported_cloud", Type::kBool),
    ignored("skip_runner_system_failure", Type::kBool),
};

constexpr Section kTopSections[] = {
    {"", kGlobal, false, "", "-", "-"},
    {"status", kStatus, false, "", "-", "-"},
    {"session_server", kSessionServer, false, "", "-", "-"},
    {"disk", kDisk, false, "", "-", "-"},
    {"machine", {}, false, kNoMachines, "-", "-"},
    {"machine.shutdown_drain", kShutdownDrain, false, kNoMachines, "-", "-"},
    {"experimental", {}, false, "", "-", "-"},
    {"experimental.usage_logger", kUsageLogger, false, kNoUsageLog, "-", "-"},
    {"experimental.usage_logger.logrotate", kUsageLogrotate, false, kNoUsageLog, "-", "-"},
    {"experimental.usage_logger.snowplow_billing", kUsageSnowplow, false, kNoUsageLog, "-", "-"},
};

}  // namespace

std::span<const Section> top_sections() { return kTopSections; }

}  // namespace runner::config::schema
