import { roleTemplateId } from '../tenants/roles.ts'

export interface Cmdlet {
  name: string
  source: string
  /** Role template ids of which one is enough. */
  roles: string[]
  /** Without the plan the cmdlet is not there: the answer is that of a missing role. */
  plans?: string[]
  /** Besides Identity, in lower case. */
  parameters: string[]
  /** Lists that grow with the tenant are cut at 1000 unless ResultSize says otherwise. */
  grows: boolean
  /** For the common members of configuration objects. */
  container?: string
  objectClass?: string
}

const reader = roleTemplateId('Global Reader')
const securityReader = roleTemplateId('Security Reader')
/** Roles that hold everything either reader holds. */
const strong = ['Exchange Administrator', 'Global Administrator'].map(roleTemplateId)
const organisation = [reader, ...strong]
const protection = [reader, securityReader, ...strong]
const defender = ['ATP_ENTERPRISE', 'THREAT_INTELLIGENCE']

type Row = [
  name: string,
  roles: string[],
  extra?: Partial<Pick<Cmdlet, 'plans' | 'parameters' | 'grows' | 'container' | 'objectClass' | 'source'>>,
]

const rows: Row[] = [
  [
    'Get-Mailbox',
    organisation,
    { source: 'exchange/Get-EXOMailbox', parameters: ['resultsize', 'recipienttypedetails', 'filter'], grows: true },
  ],
  ['Get-SharingPolicy', organisation, { container: 'Federation', objectClass: 'msExchSharingPolicy' }],
  ['Get-OrganizationConfig', organisation],
  [
    'Get-SafeLinksPolicy',
    protection,
    { plans: defender, container: 'Safe Links', objectClass: 'msExchSmartLinksProtectionConfig' },
  ],
  ['Get-SafeLinksRule', protection, { plans: defender, parameters: ['state'] }],
  ['Get-MalwareFilterPolicy', protection, { container: 'Malware Filter', objectClass: 'msExchMalwareFilterConfig' }],
  ['Get-MalwareFilterRule', protection, { parameters: ['state'] }],
  [
    'Get-SafeAttachmentPolicy',
    protection,
    { plans: defender, container: 'Safe Attachment', objectClass: 'msExchSafeAttachmentProtectionConfig' },
  ],
  ['Get-SafeAttachmentRule', protection, { plans: defender, parameters: ['state'] }],
  ['Get-ATPProtectionPolicyRule', protection, { plans: defender, parameters: ['state'] }],
  [
    'Get-AtpPolicyForO365',
    protection,
    { plans: defender, container: 'Atp Policy For O365', objectClass: 'msExchHostedContentFilterConfig' },
  ],
  [
    'Get-HostedOutboundSpamFilterPolicy',
    protection,
    { container: 'Outbound Spam Filter', objectClass: 'msExchHostedContentFilterConfig' },
  ],
  ['Get-AntiPhishPolicy', protection, { container: 'AntiPhish', objectClass: 'msExchHostedContentFilterConfig' }],
  ['Get-AntiPhishRule', protection, { parameters: ['state'] }],
  [
    'Get-AcceptedDomain',
    protection,
    { parameters: ['resultsize'], container: 'Accepted Domains', objectClass: 'msExchAcceptedDomain' },
  ],
  [
    'Get-DkimSigningConfig',
    protection,
    { container: 'Dkim Signing config', objectClass: 'msExchHostedContentFilterConfig' },
  ],
  [
    'Get-HostedConnectionFilterPolicy',
    protection,
    { container: 'Hosted Connection Filter', objectClass: 'msExchHostedConnectionFilterPolicy' },
  ],
  [
    'Get-HostedContentFilterPolicy',
    protection,
    { container: 'Hosted Content Filter', objectClass: 'msExchHostedContentFilterConfig' },
  ],
  ['Get-EmailTenantSettings', protection, { plans: ['THREAT_INTELLIGENCE'] }],
  ['Get-EOPProtectionPolicyRule', protection, { parameters: ['state'] }],
  ['Get-TeamsProtectionPolicy', protection, { plans: ['THREAT_INTELLIGENCE'] }],
  ['Get-TeamsProtectionPolicyRule', protection, { plans: ['THREAT_INTELLIGENCE'] }],
  ['Get-AdminAuditLogConfig', protection],
  ['Get-MailboxAuditBypassAssociation', protection, { parameters: ['resultsize'], grows: true }],
  ['Get-TransportRule', protection, { parameters: ['resultsize', 'state'] }],
  ['Get-ExternalInOutlook', protection],
  ['Get-RoleAssignmentPolicy', protection, { container: 'Policies', objectClass: 'msExchRBACPolicy' }],
  ['Get-OwaMailboxPolicy', protection, { container: 'OWA Mailbox Policies', objectClass: 'msExchOWAMailboxPolicy' }],
  ['Get-TransportConfig', organisation],
  // Global Reader is reported not to be enough for this one.
  [
    'Get-ReportSubmissionPolicy',
    [securityReader, ...strong],
    { container: 'Report Submission Policy', objectClass: 'msExchHostedContentFilterConfig' },
  ],
]

const cmdlets = new Map<string, Cmdlet>(
  rows.map(([name, roles, extra]) => [
    name.toLowerCase(),
    { name, source: `exchange/${name}`, roles, parameters: [], grows: false, ...extra },
  ]),
)

export function findCmdlet(name: string): Cmdlet | undefined {
  return cmdlets.get(name.toLowerCase())
}

export const exchangeCmdlets: readonly Cmdlet[] = [...cmdlets.values()]

/** Whoever holds one of these may sign in to Exchange at all. */
export const acceptedRoles: readonly string[] = [...protection]
