/**
 * The inboxes of scans that run elsewhere: one row per scan for its newest remote attempt, with the sealed key, and the messages that its worker has not
 * taken yet. They belong to workers and to the receiver of signed messages, which works under the worker's role; the app role sees neither.
 */
export const remoteRuns = `
create table :schema.remote_runs (
  platform_tenant_id text not null,
  scan_id uuid not null,
  attempt integer not null check (attempt > 0),
  sealed_key jsonb not null,
  opened_at timestamptz(3) not null,
  closed_at timestamptz(3),
  last_message_at timestamptz(3),
  consumed bigint not null check (consumed >= 0),
  accepted bigint not null,
  rejected bigint not null,
  primary key (platform_tenant_id, scan_id),
  foreign key (platform_tenant_id, scan_id) references :schema.scans on delete cascade
);

create table :schema.remote_messages (
  platform_tenant_id text not null,
  scan_id uuid not null,
  id text not null,
  sequence bigint not null check (sequence >= 0),
  byte_offset bigint not null check (byte_offset >= 0),
  events integer not null check (events >= 0),
  bytes bigint not null,
  body jsonb not null,
  primary key (platform_tenant_id, scan_id, id),
  foreign key (platform_tenant_id, scan_id) references :schema.remote_runs on delete cascade
);
create index remote_messages_in_order on :schema.remote_messages (platform_tenant_id, scan_id, sequence, byte_offset, id);

do $do$
declare
  t text;
begin
  foreach t in array array['remote_runs', 'remote_messages'] loop
    execute format('alter table :schema.%I enable row level security', t);
    execute format('alter table :schema.%I force row level security', t);
    execute format($policy$create policy platform_tenant on :schema.%I to :app
      using (platform_tenant_id = (select nullif(current_setting('tenantscope.platform_tenant', true), '')))$policy$, t);
    execute format($policy$create policy entered_tenant on :schema.%I to :worker
      using (platform_tenant_id = (select nullif(current_setting('tenantscope.platform_tenant', true), '')))$policy$, t);
  end loop;
end
$do$;

grant select, insert, update, delete on :schema.remote_runs, :schema.remote_messages to :worker;
`
