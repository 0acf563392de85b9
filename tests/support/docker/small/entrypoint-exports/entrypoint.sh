#!/bin/sh
set -e
echo "entrypoint: preparing"
export PREPARED_BY_ENTRYPOINT="yes, $(id -un)"
export PATH="/opt/prepared/bin:$PATH"
mkdir -p /opt/prepared/bin
printf '#!/bin/sh\necho prepared tool\n' >/opt/prepared/bin/prepared-tool
chmod 755 /opt/prepared/bin/prepared-tool
exec "$@"
