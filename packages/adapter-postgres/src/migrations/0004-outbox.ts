/**
 * Outgoing webhooks, the audit log, idempotency keys, exceptions and schedules.
 *
 * Row level security is forced on each, as in the first migration. The audit log can be written and read, and not changed by any of our roles. Workers read no
 * endpoint's secret and no idempotency key: they are granted the columns that they need. They see every delivery, as they see every scan.
 */
export const outbox = `
create table :schema.webhook_endpoints (
  platform_tenant_id text not null,
  id uuid not null,
  url text not null,
  description text,
  event_types jsonb not null,
  status text not null check (status in ('enabled', 'disabled')),
  disabled_reason text,
  secrets jsonb not null,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  created_by text not null,
  updated_by text not null,
  primary key (platform_tenant_id, id)
);
create index webhook_endpoints_newest on :schema.webhook_endpoints (platform_tenant_id, created_at desc, id desc);

create table :schema.webhook_deliveries (
  platform_tenant_id text not null,
  id uuid not null,
  endpoint_id uuid not null,
  event_type text not null,
  scan_id uuid,
  payload jsonb,
  status text not null check (status in ('pending', 'delivered', 'failed')),
  attempts integer not null check (attempts >= 0),
  next_attempt_at timestamptz(3),
  leased_until timestamptz(3),
  last_attempt_at timestamptz(3),
  response_status integer,
  error text,
  created_at timestamptz(3) not null,
  completed_at timestamptz(3),
  primary key (platform_tenant_id, id),
  foreign key (platform_tenant_id, endpoint_id) references :schema.webhook_endpoints on delete cascade,
  foreign key (platform_tenant_id, scan_id) references :schema.scans on delete cascade,
  check ((status = 'pending') = (next_attempt_at is not null)),
  check ((status = 'pending') = (completed_at is null)),
  check (status = 'pending' or leased_until is null)
);
create index webhook_deliveries_newest on :schema.webhook_deliveries (platform_tenant_id, endpoint_id, created_at desc, id desc);
create index webhook_deliveries_of_scan on :schema.webhook_deliveries (platform_tenant_id, scan_id) where scan_id is not null;
create index webhook_deliveries_due on :schema.webhook_deliveries (next_attempt_at, id) where status = 'pending';

create table :schema.audit_log (
  platform_tenant_id text not null,
  id uuid not null,
  at timestamptz(3) not null,
  actor text not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  request_id text,
  detail jsonb not null,
  primary key (platform_tenant_id, id)
);
create index audit_log_newest on :schema.audit_log (platform_tenant_id, at desc, id desc);
create index audit_log_of_resource on :schema.audit_log (platform_tenant_id, resource_type, resource_id, at desc, id desc);

create table :schema.idempotency_keys (
  platform_tenant_id text not null,
  key text not null check (length(key) between 1 and 255),
  fingerprint text not null,
  begun_at timestamptz(3) not null,
  locked_until timestamptz(3) not null,
  response jsonb,
  primary key (platform_tenant_id, key)
);
create index idempotency_keys_oldest on :schema.idempotency_keys (begun_at);

create table :schema.exceptions (
  platform_tenant_id text not null,
  id uuid not null,
  m365_tenant_id uuid,
  benchmark_id text not null,
  control_id text not null,
  entity_id text,
  reason text not null,
  requested_by text not null,
  approved_by text,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  created_by text not null,
  updated_by text not null,
  primary key (platform_tenant_id, id),
  foreign key (platform_tenant_id, m365_tenant_id) references :schema.m365_tenants on delete cascade
);
create index exceptions_newest on :schema.exceptions (platform_tenant_id, created_at desc, id desc);
create index exceptions_of_m365_tenant on :schema.exceptions (platform_tenant_id, m365_tenant_id) where m365_tenant_id is not null;

create table :schema.schedules (
  platform_tenant_id text not null,
  id uuid not null,
  m365_tenant_id uuid not null,
  cron text not null,
  time_zone text not null,
  benchmark_id text not null,
  benchmark_version text not null,
  options jsonb not null,
  enabled boolean not null,
  next_run_at timestamptz(3),
  last_run_at timestamptz(3),
  last_scan_id uuid,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  created_by text not null,
  updated_by text not null,
  primary key (platform_tenant_id, id),
  foreign key (platform_tenant_id, m365_tenant_id) references :schema.m365_tenants on delete cascade
);
create index schedules_newest on :schema.schedules (platform_tenant_id, created_at desc, id desc);
create index schedules_of_m365_tenant on :schema.schedules (platform_tenant_id, m365_tenant_id);
create index schedules_due on :schema.schedules (next_run_at, id) where enabled;

-- How many scans of a platform tenant wait, for the limit.
create index scans_pending_of_platform_tenant on :schema.scans (platform_tenant_id) where status = 'pending';

do $do$
declare
  t text;
begin
  foreach t in array array['webhook_endpoints', 'webhook_deliveries', 'audit_log', 'idempotency_keys', 'exceptions', 'schedules'] loop
    execute format('alter table :schema.%I enable row level security', t);
    execute format('alter table :schema.%I force row level security', t);
    execute format($policy$create policy platform_tenant on :schema.%I to :app
      using (platform_tenant_id = (select nullif(current_setting('tenantscope.platform_tenant', true), '')))$policy$, t);
  end loop;
end
$do$;
create policy entered_tenant on :schema.webhook_endpoints to :worker
  using (platform_tenant_id = (select nullif(current_setting('tenantscope.platform_tenant', true), '')));
create policy every_delivery on :schema.webhook_deliveries to :worker using (true);
create policy every_key on :schema.idempotency_keys to :worker using (true);

grant select, insert, update, delete on :schema.webhook_endpoints, :schema.idempotency_keys, :schema.exceptions, :schema.schedules to :app;
grant select, insert on :schema.webhook_deliveries, :schema.audit_log to :app;
grant update (status, attempts, next_attempt_at, leased_until, completed_at) on :schema.webhook_deliveries to :app;
grant select (platform_tenant_id, id, event_types, status), update (status, disabled_reason, updated_at) on :schema.webhook_endpoints to :worker;
grant select, insert on :schema.webhook_deliveries to :worker;
grant update (status, attempts, next_attempt_at, leased_until, last_attempt_at, response_status, error, completed_at) on :schema.webhook_deliveries to :worker;
grant select (begun_at), delete on :schema.idempotency_keys to :worker;
`
