/**
 * Roles, M365 tenants, credentials, scans and what hangs on them.
 *
 * Row level security is forced on every table. Policies are per role: the app role sees the platform tenant that the transaction named, the worker
 * role sees every scan but results, events and evidence only of the platform tenant that it entered. A transaction that named none sees nothing:
 * the setting reads '' after a transaction that set it, hence nullif. Neither role owns anything, and neither may TRUNCATE, which knows no row security.
 */
export const scans = `
do $do$
declare
  wanted text;
begin
  foreach wanted in array array[:app_name, :worker_name] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception when duplicate_object or unique_violation then
        null; -- another database of this server made it at the same moment
      end;
    end if;
    if not (select rolsuper from pg_roles where rolname = current_user) then
      begin
        execute format('grant %I to %I', wanted, current_user);
      exception when insufficient_privilege then
        if not pg_has_role(current_user, wanted, 'MEMBER') then raise; end if;
      end;
    end if;
  end loop;
end
$do$;

create table :schema.m365_tenants (
  platform_tenant_id text not null,
  id uuid not null,
  m365_tenant_id text not null,
  name text not null,
  default_domain text not null,
  description text,
  status text not null check (status in ('active', 'inactive', 'error')),
  inputs jsonb not null,
  last_test jsonb,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  created_by text not null,
  updated_by text not null,
  primary key (platform_tenant_id, id),
  unique (platform_tenant_id, m365_tenant_id)
);
create index m365_tenants_newest on :schema.m365_tenants (platform_tenant_id, created_at desc, id desc);

create table :schema.credentials (
  platform_tenant_id text not null,
  m365_tenant_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('client_secret', 'certificate', 'username_password', 'federated', 'shared_app')),
  client_id text,
  thumbprint text,
  expires_at timestamptz(3),
  sealed jsonb not null,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (platform_tenant_id, m365_tenant_id),
  foreign key (platform_tenant_id, m365_tenant_id) references :schema.m365_tenants on delete cascade
);

create table :schema.scans (
  platform_tenant_id text not null,
  id uuid not null,
  m365_tenant_id uuid not null,
  benchmark_id text not null,
  benchmark_version text not null,
  options jsonb not null,
  planned_controls jsonb not null,
  status text not null check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  attempt integer not null check (attempt >= 0),
  worker_id text,
  lease_expires_at timestamptz(3),
  cancel_requested_at timestamptz(3),
  counts jsonb not null,
  current_control text,
  failure_reason text,
  error_message text,
  last_sequence integer not null check (last_sequence >= 0),
  created_at timestamptz(3) not null,
  created_by text not null,
  started_at timestamptz(3),
  completed_at timestamptz(3),
  primary key (platform_tenant_id, id),
  unique (id), -- workers know a scan by its id alone
  foreign key (platform_tenant_id, m365_tenant_id) references :schema.m365_tenants on delete cascade,
  check ((status = 'running') = (lease_expires_at is not null and worker_id is not null)),
  check ((status in ('completed', 'failed', 'cancelled')) = (completed_at is not null))
) with (fillfactor = 70); -- rewritten with every batch of results: leaves room to do so in place
create unique index scans_one_running on :schema.scans (platform_tenant_id, m365_tenant_id) where status = 'running';
create index scans_newest on :schema.scans (platform_tenant_id, created_at desc, id desc);
create index scans_newest_of_m365_tenant on :schema.scans (platform_tenant_id, m365_tenant_id, created_at desc, id desc);
create index scans_pending on :schema.scans (created_at, id) where status = 'pending';
create index scans_running on :schema.scans (id) where status = 'running';

create table :schema.scan_results (
  platform_tenant_id text not null,
  scan_id uuid not null,
  control_id text not null,
  m365_tenant_id uuid not null,
  -- place of the control among the planned ones: the order of a list
  position integer not null,
  status text not null check (status in ('pass', 'fail', 'manual', 'not_applicable', 'error', 'not_run')),
  reason_code text,
  message text not null,
  findings jsonb not null,
  findings_total integer not null,
  attempt integer not null,
  started_at timestamptz(3),
  completed_at timestamptz(3) not null,
  duration_ms double precision,
  primary key (platform_tenant_id, scan_id, control_id),
  foreign key (platform_tenant_id, scan_id) references :schema.scans on delete cascade
);
create index scan_results_in_order on :schema.scan_results (platform_tenant_id, scan_id, position, control_id);

create table :schema.scan_events (
  platform_tenant_id text not null,
  scan_id uuid not null,
  sequence integer not null check (sequence > 0),
  type text not null,
  attempt integer not null,
  at timestamptz(3) not null,
  data jsonb not null,
  primary key (platform_tenant_id, scan_id, sequence),
  foreign key (platform_tenant_id, scan_id) references :schema.scans on delete cascade
);

create table :schema.evidence (
  platform_tenant_id text not null,
  scan_id uuid not null,
  source_id text collate "C" not null,
  state text not null,
  data jsonb,
  error jsonb,
  primary key (platform_tenant_id, scan_id, source_id),
  foreign key (platform_tenant_id, scan_id) references :schema.scans on delete cascade
);

do $do$
declare
  t text;
begin
  foreach t in array array['m365_tenants', 'credentials', 'scans', 'scan_results', 'scan_events', 'evidence'] loop
    execute format('alter table :schema.%I enable row level security', t);
    execute format('alter table :schema.%I force row level security', t);
    execute format($policy$create policy platform_tenant on :schema.%I to :app
      using (platform_tenant_id = (select nullif(current_setting('tenantscope.platform_tenant', true), '')))$policy$, t);
  end loop;
  foreach t in array array['scan_results', 'scan_events', 'evidence'] loop
    execute format($policy$create policy entered_tenant on :schema.%I to :worker
      using (platform_tenant_id = (select nullif(current_setting('tenantscope.platform_tenant', true), '')))$policy$, t);
  end loop;
end
$do$;
create policy every_scan on :schema.scans to :worker using (true);

grant usage on schema :schema to :app, :worker;
grant select, insert, update, delete on :schema.m365_tenants, :schema.credentials to :app;
grant select, insert on :schema.scans, :schema.scan_results, :schema.scan_events to :app;
grant select on :schema.evidence to :app;
grant select on :schema.scans to :worker;
grant select, insert, update on :schema.scan_results, :schema.evidence to :worker;
grant select, insert on :schema.scan_events to :worker;
grant update (status, attempt, worker_id, lease_expires_at, cancel_requested_at, counts, current_control, failure_reason, error_message, last_sequence,
  started_at, completed_at) on :schema.scans to :app, :worker;
`
