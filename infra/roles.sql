-- Roles with no more rights than their work needs, and the database they work on. Once per cluster, as
-- a superuser, before `escalation db migrate`:
--
--   psql -v owner_password=… -v service_password=… -v reader_password=… -v board_password=… \
--        -f infra/roles.sql
--
-- escalation_owner    runs `escalation db migrate`, and nothing else
-- escalation_service  the DSN of notifier and projections: reads and writes rows, changes no table
-- escalation_board    the DSN of the review page: reads what readers may, and keeps its sessions
-- escalation_reader   no login: what may be read; whoever is to read gets it granted
-- escalation_analyst  a login for people and tools that has it
CREATE ROLE escalation_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE escalation_service LOGIN PASSWORD :'service_password';
CREATE ROLE escalation_analyst LOGIN PASSWORD :'reader_password';
SELECT 'CREATE ROLE escalation_board'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'escalation_board') \gexec
ALTER ROLE escalation_board LOGIN PASSWORD :'board_password';
SELECT 'CREATE ROLE escalation_reader NOLOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'escalation_reader') \gexec
GRANT escalation_reader TO escalation_analyst, escalation_board;
CREATE DATABASE escalation OWNER escalation_owner;
REVOKE CONNECT ON DATABASE escalation FROM PUBLIC;
GRANT CONNECT ON DATABASE escalation TO escalation_service, escalation_analyst, escalation_board;
\connect escalation
-- Whatever the owner creates from now on, in migrations of this and of later versions.
ALTER DEFAULT PRIVILEGES FOR ROLE escalation_owner
    GRANT USAGE ON SCHEMAS TO escalation_service;
ALTER DEFAULT PRIVILEGES FOR ROLE escalation_owner
    GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO escalation_service;
ALTER DEFAULT PRIVILEGES FOR ROLE escalation_owner
    GRANT USAGE, SELECT ON SEQUENCES TO escalation_service;
ALTER DEFAULT PRIVILEGES FOR ROLE escalation_owner
    GRANT EXECUTE ON FUNCTIONS TO escalation_service;
