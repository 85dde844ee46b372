import { user } from './directory.ts'
import { allUsers, baseDocument, licenceSku, mailName, type Names, namesFrom, type People } from './fresh.ts'
import { businessBasicPlans, skus } from './licences.ts'
import { type Identity, identityOf, merge } from './merge.ts'
import type { Json, JsonObject, TenantDocument, TenantOverrides } from './types.ts'

const basicNames: Names = {
  name: 'no-licences',
  tenantId: '5c2d9f84-7b10-4e3a-a6c8-1f0e9d8b7a65',
  displayName: 'Wingtip Repairs',
  initialDomain: 'wingtiprepairs.onmicrosoft.com',
  customDomains: ['wingtiprepairs.com'],
  clientSecret: 'no-licences~tenant.client-secret',
  prefix: 'wingtiprepairs',
}

const staffNames = ['Ana Silva', 'Ben Walters', 'Cora Thomas', 'Dan Park']

function basicPeople(identity: Identity): People {
  const { tenantId, initialDomain, domain } = identity
  const licensed = [skus.businessBasic.skuId]
  return {
    founder: user(tenantId, { name: 'owner', displayName: 'Wingtip Owner', domain, skuIds: licensed }),
    admins: [
      user(tenantId, { name: 'itpartner', displayName: 'IT Partner', domain: initialDomain }),
      user(tenantId, { name: 'bookkeeping', displayName: 'Bookkeeping', domain, skuIds: licensed }),
    ],
    staff: staffNames.map((displayName) =>
      user(tenantId, { name: mailName(displayName), displayName, domain, skuIds: licensed }),
    ),
    guests: [],
    shared: [user(tenantId, { name: 'info', displayName: 'Info', domain })],
  }
}

/** Cmdlets of Defender for Office 365: without it there is nothing behind them. */
const defenderCmdlets = [
  'Get-SafeLinksPolicy',
  'Get-SafeLinksRule',
  'Get-SafeAttachmentPolicy',
  'Get-SafeAttachmentRule',
  'Get-ATPProtectionPolicyRule',
  'Get-AtpPolicyForO365',
  'Get-EmailTenantSettings',
  'Get-TeamsProtectionPolicy',
  'Get-TeamsProtectionPolicyRule',
]

/** Two audited actions come with a better audit licence than this plan has. */
function basicAudit(row: JsonObject): JsonObject {
  const basic = (value: Json | undefined) =>
    (value as string[]).filter((action) => action !== 'MailItemsAccessed' && action !== 'Send')
  return {
    ...row,
    AuditAdmin: basic(row.AuditAdmin),
    AuditDelegate: basic(row.AuditDelegate),
    AuditOwner: basic(row.AuditOwner),
  }
}

/** A small company on Business Basic: no Entra ID P1 or P2, no Defender, no Intune, no Power BI. */
export function noLicencesTenant(overrides: TenantOverrides = {}): TenantDocument {
  const names = namesFrom(basicNames, overrides)
  const identity = identityOf(names, names.prefix)
  const people = basicPeople(identity)
  const base = baseDocument(names, identity, people)
  const holders = allUsers(people).filter((member) => (member.assignedLicenses as Json[]).length > 0)
  const changes: TenantOverrides = {
    servicePlans: businessBasicPlans,
    graph: { skus: [licenceSku(skus.businessBasic, businessBasicPlans, holders.length)] },
    exchange: {
      cmdlets: {
        ...Object.fromEntries(defenderCmdlets.map((name) => [name, []])),
        'Get-Mailbox': (base.exchange.cmdlets['Get-Mailbox'] ?? []).map(basicAudit),
      },
    },
  }
  return merge(merge(base, changes), overrides)
}
