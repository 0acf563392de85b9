# What CPack needs to know. One version of the source gives the same bytes in every directory and at every time
# (SOURCE_DATE_EPOCH).

set(RUNNER_MAINTAINER "runner maintainers <maintainers@runner.invalid>" CACHE STRING
    "Who answers for the packages, as \"Name <address>\"")

set(CPACK_PACKAGE_NAME runner)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "CI runner for GitLab that builds container images")
set(CPACK_PACKAGE_DESCRIPTION
"Takes jobs from GitLab and runs their scripts in containers or on the host.
Images like docker:dind find their own engine running and a buildx builder
current before the first line of the script. Jobs outlive the daemon: an
upgrade does not interrupt them.")
set(CPACK_PACKAGE_CONTACT ${RUNNER_MAINTAINER})
set(CPACK_PACKAGE_VENDOR "runner")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# Adds the files that only one kind of package has.
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_SOURCE_DIR}/per-generator.cmake)

set(debian ${CMAKE_CURRENT_SOURCE_DIR}/debian)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Scripts and packages that ask for the official runner are content with this one.
set(CPACK_DEBIAN_PACKAGE_PROVIDES "gitlab-runner (= ${RUNNER_COMPATIBLE_VERSION})")
# For time zones (libdate-tz reads them), and for the user of shell jobs.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "tzdata, systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, git")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "docker.io | docker-ce")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

file(STRINGS ${debian}/changelog newest LIMIT_COUNT 1)
if(NOT newest MATCHES "^runner \\(${PROJECT_VERSION}\\) ")
    message(FATAL_ERROR "packaging/debian/changelog begins with \"${newest}\", and the project's version is "
                        "${PROJECT_VERSION}: add an entry")
endif()
set(changelog ${CMAKE_BINARY_DIR}/generated/changelog.gz)
execute_process(COMMAND gzip -9nc ${debian}/changelog OUTPUT_FILE ${changelog} COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${debian}/changelog)
install(FILES ${changelog} DESTINATION share/doc/runner COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${debian}/copyright DESTINATION share/doc/runner)
install(FILES ${debian}/lintian-overrides DESTINATION share/lintian/overrides RENAME runner COMPONENT debian EXCLUDE_FROM_ALL)

set(rpm ${CMAKE_CURRENT_SOURCE_DIR}/rpm)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "LicenseRef-all-rights-reserved")
set(CPACK_RPM_PACKAGE_DESCRIPTION ${CPACK_PACKAGE_DESCRIPTION})
set(CPACK_RPM_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_COMPRESSION_TYPE xz)
set(CPACK_RPM_PACKAGE_GROUP "Development/Tools")
set(CPACK_RPM_PACKAGE_PROVIDES "gitlab-runner = ${RUNNER_COMPATIBLE_VERSION}")
set(CPACK_RPM_CHANGELOG_FILE ${rpm}/changelog)
set(CPACK_RPM_USER_FILELIST "%config(noreplace) /etc/default/runner")
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${rpm}/post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${rpm}/preun)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${rpm}/postun)
# Directories of the distribution's own packages.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /etc /etc/default /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d
    /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/bash-completion /usr/share/bash-completion/completions
    /usr/share/fish /usr/share/fish/vendor_completions.d /usr/share/zsh /usr/share/zsh/vendor-completions)
# The libraries that the package brings are for its program only.
string(JOIN "|" names ${bundled_names})
set(CPACK_RPM_SPEC_MORE_DEFINE
"%define __requires_exclude ^lib(${names})[.]so
%define __provides_exclude_from ^/usr/lib/runner/
%define _build_id_links none
%define _buildhost localhost
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define source_date_epoch_from_changelog 0")

include(CPack)
