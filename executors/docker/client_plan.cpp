#include "executors/docker/client_plan.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/parse.hpp"
#include "base/strings.hpp"

namespace executors::docker {

namespace {

constexpr int kOpenPort = 2375;
constexpr int kTlsPort = 2376;

/// DOCKER_HOST in parts.
struct Address {
    std::string path;  ///< of a unix socket, "" for another kind
    std::string host;  ///< in lower case
    int port = 0;      ///< 0: the client's default
};

/// /var/run is a link to /run in nearly every image.
std::string normal_path(const std::string& path) {
    const std::string normal = std::filesystem::path(path).lexically_normal().string();
    return normal.starts_with("/run/") ? "/var" + normal : normal;
}

Address parse_address(const std::string& text) {
    constexpr std::string_view kUnix = "unix://";
    if (text.starts_with(kUnix)) return {normal_path(text.substr(kUnix.size())), {}, 0};
    const auto scheme = text.find("://");
    const std::string kind = scheme == std::string::npos ? "tcp" : text.substr(0, scheme);
    if (kind != "tcp" && kind != "http" && kind != "https") return {};
    std::string rest = scheme == std::string::npos ? text : text.substr(scheme + 3);
    rest = base::to_lower(rest.substr(0, rest.find('/')));
    Address address;
    const auto bracket = rest.starts_with("[") ? rest.find(']') : std::string::npos;
    const auto colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
    address.host = rest.substr(0, colon);
    if (bracket != std::string::npos) address.host = rest.substr(1, bracket - 1);
    if (colon != std::string::npos) {
        address.port = base::parse_number<int>(rest.substr(colon + 1)).value_or(-1);
    }
    return address;
}

std::string shown(std::string_view name, const std::string& value) {
    return std::string(name) + " is \"" + value + "\"";
}

/// Decides for one job: one call of plan().
class ClientPlanner {
  public:
    explicit ClientPlanner(const ClientQuestion& question)
        : question_(question),
          host_(find("DOCKER_HOST").value_or("")),
          verify_(find("DOCKER_TLS_VERIFY")),
          // docker:dind has a directory of certificates that nobody asked for.
          certificates_(client_variable(question.job, {}, "DOCKER_TLS_CERTDIR")) {
        if (question.fixed_certificates) certificates_ = question.fixed_certificates;
    }

    ClientPlan plan() {
        plan_.certificates = certificates_.value_or("");
        if (host_.empty()) {
            plan_without_host();
        } else {
            plan_address();
        }
        plan_.by_default = host_.empty() || host_ == std::string("unix://") + kEngineSocket;
        return std::move(plan_);
    }

  private:
    void plan_address() {
        const Address address = parse_address(host_);
        const auto& names = question_.names;
        if (!address.path.empty()) {
            plan_socket(address);
        } else if (std::find(names.begin(), names.end(), address.host) != names.end()) {
            plan_port(address);
        } else {
            leave(shown("DOCKER_HOST", host_) +
                  ": the scripts use that engine, and not the one of this job" +
                  (names.empty() ? "" : ", whose name is \"" + names.front() + "\""));
        }
    }

    [[nodiscard]] std::optional<std::string> find(std::string_view name) const {
        return client_variable(question_.job, question_.image, name);
    }
    [[nodiscard]] bool asks_for_tls() const { return verify_ && !verify_->empty(); }
    [[nodiscard]] bool has_tls() const { return !certificates_ || !certificates_->empty(); }
    void leave(std::string problem) {
        plan_.reaches = false;
        plan_.problem = std::move(problem);
    }
    /// Two variables that exclude each other: the engine does what DOCKER_TLS_CERTDIR says.
    void contradict(const std::string& first, const std::string& second,
                    const std::string& remedy) {
        plan_.open_port = certificates_ && certificates_->empty();
        plan_.contradiction = true;
        leave(first + ", but " + second + ": the docker client cannot reach the job's engine. " +
              remedy);
    }
    void set(std::string name, std::string value) {
        plan_.variables.push_back({std::move(name), std::move(value)});
    }

    void plan_without_host() {
        const std::string context = find("DOCKER_CONTEXT").value_or("");
        if (!context.empty() && context != "default") {
            return leave(shown("DOCKER_CONTEXT", context) +
                         ": the scripts use the engine of that context, and not the one of this "
                         "job");
        }
        const bool tls = asks_for_tls() || (!question_.has_socket && has_tls());
        if (question_.names.empty()) return;
        if (asks_for_tls() && !has_tls()) {
            return contradict(shown("DOCKER_TLS_VERIFY", *verify_), shown("DOCKER_TLS_CERTDIR", ""),
                              "Remove DOCKER_TLS_VERIFY, or set DOCKER_TLS_CERTDIR to \"/certs\"");
        }
        // As the entrypoint of docker:cli does.
        if (tls) {
            host_ = "tcp://" + question_.names.front() + ":2376";
            plan_port({{}, question_.names.front(), kTlsPort});
        } else if (!question_.has_socket) {
            host_ = "tcp://" + question_.names.front() + ":2375";
            plan_port({{}, question_.names.front(), kOpenPort});
        } else {
            return;
        }
        if (plan_.reaches) set("DOCKER_HOST", host_);
    }

    void plan_socket(const Address& address) {
        if (address.path != kEngineSocket || !question_.has_socket) {
            return leave(shown("DOCKER_HOST", host_) +
                         ": the scripts use that socket, and not the engine of this job");
        }
        if (asks_for_tls()) {
            contradict(shown("DOCKER_HOST", host_), shown("DOCKER_TLS_VERIFY", *verify_),
                       "Remove DOCKER_TLS_VERIFY: a socket has no TLS");
        }
    }

    void plan_port(const Address& address) {
        const int port = address.port != 0 ? address.port : asks_for_tls() ? kTlsPort : kOpenPort;
        if (port == kTlsPort) return plan_tls_port();
        if (port == kOpenPort) return plan_open_port();
        leave(shown("DOCKER_HOST", host_) +
              ", but the job's engine listens on port 2376 with TLS, or on port 2375 when "
              "DOCKER_TLS_CERTDIR is \"\"");
    }

    void plan_open_port() {
        const std::string host = shown("DOCKER_HOST", host_);
        if (certificates_ && !certificates_->empty()) {
            return contradict(host, shown("DOCKER_TLS_CERTDIR", *certificates_),
                              "Set DOCKER_TLS_CERTDIR to \"\", or the port to 2376");
        }
        plan_.open_port = true;
        if (asks_for_tls()) {
            contradict(host, shown("DOCKER_TLS_VERIFY", *verify_),
                       "Remove DOCKER_TLS_VERIFY, or set the port to 2376");
        }
    }

    void plan_tls_port() {
        const std::string host = shown("DOCKER_HOST", host_);
        if (certificates_ && certificates_->empty()) {
            return contradict(host, shown("DOCKER_TLS_CERTDIR", ""),
                              "Set DOCKER_TLS_CERTDIR to \"/certs\", or the port to 2375");
        }
        const std::string path = find("DOCKER_CERT_PATH").value_or("");
        plan_.certificates = certificates_directory(path);
        const std::string client = plan_.certificates + "/client";
        if (verify_ && verify_->empty()) {
            return contradict(host, shown("DOCKER_TLS_VERIFY", ""),
                              "Set DOCKER_TLS_VERIFY to \"1\", or the port to 2375");
        }
        if (!path.empty() && std::filesystem::path(path + "/").lexically_normal() !=
                                 std::filesystem::path(client + "/").lexically_normal()) {
            return contradict(shown("DOCKER_CERT_PATH", path),
                              shown("DOCKER_TLS_CERTDIR", plan_.certificates),
                              "Set DOCKER_CERT_PATH to \"" + client + "\"");
        }
        if (!verify_) set("DOCKER_TLS_VERIFY", "1");
        if (path.empty()) set("DOCKER_CERT_PATH", client);
    }

    /// Where the engine puts its certificates, by what the client says.
    [[nodiscard]] std::string certificates_directory(const std::string& client) const {
        if (certificates_) return *certificates_;
        constexpr std::string_view kEnd = "/client";
        if (client.starts_with("/") && client.ends_with(kEnd) && client.size() > kEnd.size()) {
            return client.substr(0, client.size() - kEnd.size());
        }
        const auto& own = question_.default_certificates;
        return own.empty() ? "/certs" : own;
    }

    const ClientQuestion& question_;
    std::string host_;
    std::optional<std::string> verify_;
    std::optional<std::string> certificates_;
    ClientPlan plan_;
};

}  // namespace

std::optional<std::string> client_variable(const JobEnvironment& job, const ImageInfo& image,
                                           std::string_view name) {
    for (const auto& variable : job.client_environment) {
        if (variable.name == name) return variable.value;
    }
    std::string own = image.environment_value(name);
    if (own.empty()) return std::nullopt;
    return own;
}

bool is_client_variable(std::string_view name) {
    static constexpr std::array<std::string_view, 4> kNames{
        "DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH", "DOCKER_TLS_CERTDIR"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

ClientPlan plan_client(const ClientQuestion& question) { return ClientPlanner(question).plan(); }

}  // namespace executors::docker
