#!/bin/sh
# Run once by the Postgres image when its volume is new.
set -eu
exec psql -v ON_ERROR_STOP=1 -U postgres -v owner_password="$OWNER_PASSWORD" \
    -v service_password="$SERVICE_PASSWORD" -v reader_password="$READER_PASSWORD" \
    -v board_password="$BOARD_PASSWORD" -f /roles.sql
