import type { Control, Preflight, PreflightNeed } from '@tenantscope/core'
import type * as z from 'zod'
import type { preflightSchema } from '../schemas/preflight.ts'

type Wire = z.output<typeof preflightSchema>

export function presentPreflight(preflight: Preflight, controls: ReadonlyMap<string, Control>): Wire {
  return {
    checked_at: preflight.at.toISOString(),
    benchmark: { id: preflight.benchmark.id, version: preflight.benchmark.version },
    auth_method: preflight.credentialKind,
    services: preflight.services.map(({ service, signIn, appRoles, directoryRoleIds, probe }) => ({
      service,
      sign_in: signIn,
      app_roles: appRoles,
      directory_role_ids: directoryRoleIds,
      probe: { source: probe.sourceId, state: probe.state, code: probe.code, message: probe.message },
    })),
    counts: { ...preflight.counts },
    checks: preflight.controls.map(({ controlId, outcome, needs }) => ({
      check_id: controlId,
      title: controls.get(controlId)?.title ?? null,
      outcome,
      needs: needs.map(presentNeed),
    })),
    grants: presentGrants(preflight.grants),
    script: preflight.script,
  }
}

function presentNeed(need: PreflightNeed): Wire['checks'][number]['needs'][number] {
  return {
    kind: need.kind,
    state: need.state,
    any_of: need.anyOf,
    resource: need.resource && { name: need.resource.name, app_id: need.resource.appId },
    source: need.sourceId,
    alternative_sources: need.alternativeSourceIds,
    optional: need.optional,
    message: need.message,
  }
}

function presentGrants(grants: Preflight['grants']): Wire['grants'] {
  return {
    app_roles: grants.appRoles.map(({ resource, resourceAppId, appRole, remark, ...grant }) => ({
      ...{ resource, resource_app_id: resourceAppId, app_role: appRole, remark },
      ...presentGrant(grant),
    })),
    directory_roles: grants.directoryRoles.map(({ anyOf, ...grant }) => ({
      any_of: anyOf.map(({ name, templateId }) => ({ name, template_id: templateId })),
      ...presentGrant(grant),
    })),
    admin_switches: grants.adminSwitches.map(({ name, instruction, ...grant }) => ({
      ...{ name, instruction },
      ...presentGrant(grant),
    })),
    auth_methods: grants.credentialKinds.map(({ service, anyOf, ...grant }) => ({
      ...{ service, any_of: anyOf },
      ...presentGrant(grant),
    })),
    licences: grants.licences.map(({ anyOf, ...grant }) => ({ any_of: anyOf, ...presentGrant(grant) })),
    inputs: grants.inputs.map(({ name, description, ...grant }) => ({
      ...{ name, description },
      ...presentGrant(grant),
    })),
  }
}

function presentGrant({ held, controlIds }: { held: boolean | null; controlIds: string[] }) {
  return { held, check_ids: controlIds }
}
