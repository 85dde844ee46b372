/** Whose turn it is depends on when a platform tenant was last served: found without reading all its scans. */
export const turns = `
create index scans_latest_start on :schema.scans (platform_tenant_id, started_at desc) where started_at is not null;
`
