#include "protocol/http/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "base/log.hpp"
#include "protocol/http/proxy.hpp"

namespace protocol::http {

namespace {

/// What is wrong with a PEM file. The newest entry of OpenSSL's queue is only "PEM lib".
std::string take_file_error() {
    std::string why;
    while (const unsigned long code = ERR_get_error()) {
        if (!why.empty()) continue;
        const int library = ERR_GET_LIB(code);
        const int reason = ERR_GET_REASON(code);
        if ((library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
            (library == ERR_LIB_X509 && reason == X509_R_NO_CERTIFICATE_OR_CRL_FOUND) ||
            (library == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED)) {
            why = "it has nothing of that kind in PEM form";
        } else if ((library == ERR_LIB_PEM && reason == PEM_R_BAD_PASSWORD_READ) ||
                   reason == ERR_R_INTERRUPTED_OR_CANCELLED) {
            why = "it is protected by a password; write it without one";
        } else if (library == ERR_LIB_X509 && reason == X509_R_KEY_VALUES_MISMATCH) {
            why = "it does not belong to the certificate";
        } else if (const char* text = ERR_reason_error_string(code)) {
            why = std::string("it is damaged (") + text + ")";
        }
    }
    return why;
}

base::Error file_error(std::string_view what, const std::string& path) {
    std::string why = take_file_error();
    std::error_code failed;
    // For a file that cannot be opened, the reason of OpenSSL is only "system lib".
    if (::access(path.c_str(), R_OK) != 0) {
        why = std::strerror(errno);
    } else if (std::filesystem::is_directory(path, failed)) {
        why = "it is a directory";
    }
    return base::make_error(base::ErrorKind::kInvalidInput, "the " + std::string(what) + " \"" +
                                                                path + "\" cannot be used: " + why);
}

bool has_hashed_certificates(const std::string& directory) {
    std::error_code failed;
    for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        if (entry->path().extension() == ".0") return true;
    }
    return false;
}

/// Trusts the system's authorities. A directory of hashed names is preferred to the one big file,
/// because OpenSSL reads its certificates one by one when they are needed.
void trust_system(SSL_CTX* context) {
    const std::string own_file = environment_value("SSL_CERT_FILE");
    if (!own_file.empty()) SSL_CTX_load_verify_file(context, own_file.c_str());
    std::string directory = environment_value("SSL_CERT_DIR");
    if (directory.empty()) directory = X509_get_default_cert_dir();
    if (has_hashed_certificates(directory)) {
        SSL_CTX_load_verify_dir(context, directory.c_str());
    } else if (own_file.empty()) {
        for (const char* bundle :
             {X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt",
              "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
            if (SSL_CTX_load_verify_file(context, bundle) == 1) break;
        }
    }
    ERR_clear_error();
}

base::Result<void> load_pair(SSL_CTX* context, const TlsSettings& settings,
                             const std::string& what) {
    if (settings.cert_file.empty() != settings.key_file.empty()) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "a " + what + " needs its key, and a key its certificate");
    }
    if (settings.cert_file.empty()) return {};
    if (SSL_CTX_use_certificate_chain_file(context, settings.cert_file.c_str()) != 1) {
        return file_error(what, settings.cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return file_error("key of the " + what, settings.key_file);
    }
    return {};
}

/// What clients and servers have in common; null when OpenSSL has no memory.
std::shared_ptr<SSL_CTX> new_context(const SSL_METHOD* method) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context) return context;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    // Nobody is there to be asked for the password of a key; OpenSSL would ask the terminal.
    SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return -1; });
    // An idle connection frees its buffers of 2 × 17 KiB.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

base::Result<std::shared_ptr<SSL_CTX>> make_server_context(const TlsSettings& settings) {
    auto context = new_context(TLS_server_method());
    if (!context) {
        return base::make_error(base::ErrorKind::kInternal, "OpenSSL: " + take_tls_error());
    }
    auto loaded = load_pair(context.get(), settings, "certificate");
    if (!loaded) return loaded.error();
    return context;
}

base::Result<std::shared_ptr<SSL_CTX>> make_client_context(const TlsSettings& settings) {
    auto context = new_context(TLS_client_method());
    if (!context) {
        return base::make_error(base::ErrorKind::kInternal, "OpenSSL: " + take_tls_error());
    }
    constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context.get(), kHttp11.data(), kHttp11.size());
    SSL_CTX_set_verify(context.get(), settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (settings.verify) trust_system(context.get());
    if (!settings.ca_file.empty() &&
        SSL_CTX_load_verify_file(context.get(), settings.ca_file.c_str()) != 1) {
        return file_error("CA file", settings.ca_file);
    }
    // Any certificate of that file is trusted as it is, as in Go programs: also the server's own,
    // or an intermediate one without its root.
    if (!settings.ca_file.empty())
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
    auto loaded = load_pair(context.get(), settings, "client certificate");
    if (!loaded) return loaded.error();
    return context;
}

}  // namespace

base::Result<std::shared_ptr<SSL_CTX>> TlsContext::get() {
    auto now = stamps();
    if (context_ && now == stamps_) return context_;
    ERR_clear_error();
    auto made =
        role_ == TlsRole::kServer ? make_server_context(settings_) : make_client_context(settings_);
    if (!made && !context_) return made.error();
    stamps_ = std::move(now);
    if (!made) {
        base::log::warning("TLS files changed but cannot be used; the previous ones stay in use",
                           {{"error", made.error().message}});
        return context_;
    }
    context_ = std::move(*made);
    ++generation_;
    return context_;
}

std::vector<long long> TlsContext::stamps() const {
    std::vector<long long> times;
    for (const std::string* path :
         {&settings_.ca_file, &settings_.cert_file, &settings_.key_file}) {
        struct stat status {};
        const bool known = !path->empty() && ::stat(path->c_str(), &status) == 0;
        times.push_back(known ? status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec
                              : 0);
    }
    return times;
}

std::shared_ptr<SSL_CTX> make_server_context(X509* certificate, EVP_PKEY* key) {
    auto context = new_context(TLS_server_method());
    if (!context || SSL_CTX_use_certificate(context.get(), certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key) != 1) {
        return nullptr;
    }
    return context;
}

std::string pem_of(X509* certificate) {
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return text;
}

std::string take_tls_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return {};
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) return reason;
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

}  // namespace protocol::http
