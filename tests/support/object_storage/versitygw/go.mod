// An S3 server for tests; dev.d/versitygw.sh builds it.
module versitygw

go 1.25.0

require github.com/versity/versitygw v1.8.0
