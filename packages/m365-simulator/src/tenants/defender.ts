import { guid } from './directory.ts'
import type { JsonObject } from './types.ts'

export type Cmdlets = Record<string, JsonObject[]>

export function changeRows(rows: JsonObject[] | undefined, changes: JsonObject): JsonObject[] {
  return (rows ?? []).map((row) => ({ ...row, ...changes }))
}

/** Rows of the base with further rows of the same cmdlets behind them. */
export function appendRows(base: Cmdlets, ...more: Cmdlets[]): Cmdlets {
  const joined: Cmdlets = { ...base }
  for (const cmdlets of more)
    for (const [name, rows] of Object.entries(cmdlets)) joined[name] = [...(joined[name] ?? []), ...rows]
  return joined
}

/** Recipients a rule names; an axis that is left out is null, which means no restriction, not nobody. */
export interface Recipients {
  RecipientDomainIs?: string[] | null
  SentTo?: string[] | null
  SentToMemberOf?: string[] | null
}

export function rule(
  name: string,
  policies: JsonObject,
  recipients: Recipients,
  state: 'Enabled' | 'Disabled' = 'Enabled',
  Priority = 0,
): JsonObject {
  const used = Object.entries(recipients).filter(([, value]) => value !== null && value !== undefined)
  const predicate = (axis: string) => `Microsoft.Exchange.MessagingPolicies.Rules.Tasks.${axis}Predicate`
  return {
    ...policies,
    State: state,
    Priority,
    Comments: null,
    Description: 'Take the following actions:\r\n\t...\r\n',
    RuleVersion: '14.0.0.0',
    SentTo: recipients.SentTo ?? null,
    SentToMemberOf: recipients.SentToMemberOf ?? null,
    RecipientDomainIs: recipients.RecipientDomainIs ?? null,
    ExceptIfSentTo: null,
    ExceptIfSentToMemberOf: null,
    ExceptIfRecipientDomainIs: null,
    Conditions: used.length === 0 ? null : used.map(([axis]) => predicate(axis)),
    Exceptions: null,
    Identity: name,
    Name: name,
  }
}

/** A policy like another one, under a name of its own. */
export function policyLike(template: JsonObject | undefined, name: string, changes: JsonObject = {}): JsonObject {
  const own = {
    ...(template?.IsDefault === undefined ? {} : { IsDefault: false }),
    ...(template?.RecommendedPolicyType === undefined ? {} : { RecommendedPolicyType: 'Custom' }),
  }
  return { ...template, ...own, ...changes, Identity: name, Name: name }
}

const presetNumbers = {
  'Get-HostedContentFilterPolicy': '1784144691483',
  'Get-AntiPhishPolicy': '1784144689723',
  'Get-MalwareFilterPolicy': '1784144693315',
  'Get-SafeAttachmentPolicy': '1784144694781',
  'Get-SafeLinksPolicy': '1784144696455',
} as const

/** The five policies of a preset: its name with a number behind it, values that nobody can change. */
export function presetPolicies(base: Cmdlets, populated: Cmdlets, kind: 'Standard' | 'Strict'): Cmdlets {
  const strict = kind === 'Strict'
  const templates: Record<keyof typeof presetNumbers, JsonObject | undefined> = {
    'Get-HostedContentFilterPolicy': base['Get-HostedContentFilterPolicy']?.[0],
    'Get-AntiPhishPolicy': populated['Get-AntiPhishPolicy']?.[0],
    'Get-MalwareFilterPolicy': base['Get-MalwareFilterPolicy']?.[0],
    'Get-SafeAttachmentPolicy': base['Get-SafeAttachmentPolicy']?.[0],
    'Get-SafeLinksPolicy': populated['Get-SafeLinksPolicy']?.[0],
  }
  const changes: Record<string, JsonObject> = {
    'Get-HostedContentFilterPolicy': {
      BulkThreshold: strict ? 5 : 6,
      BulkSpamAction: strict ? 'Quarantine' : 'MoveToJmf',
      SpamAction: strict ? 'Quarantine' : 'MoveToJmf',
      HighConfidenceSpamAction: 'Quarantine',
      PhishSpamAction: 'Quarantine',
    },
    'Get-AntiPhishPolicy': {
      PhishThresholdLevel: strict ? 4 : 3,
      MailboxIntelligenceProtectionAction: strict ? 'Quarantine' : 'MoveToJmf',
      AuthenticationFailAction: strict ? 'Quarantine' : 'MoveToJmf',
      TargetedUsersToProtect: [],
    },
    'Get-SafeAttachmentPolicy': { IsBuiltInProtection: false },
    'Get-SafeLinksPolicy': { IsBuiltInProtection: false },
  }
  return Object.fromEntries(
    Object.entries(presetNumbers).map(([cmdlet, number]) => [
      cmdlet,
      [
        policyLike(templates[cmdlet as keyof typeof presetNumbers], `${kind} Preset Security Policy${number}`, {
          ...changes[cmdlet],
          RecommendedPolicyType: kind,
        }),
      ],
    ]),
  )
}

/** The two rules that exist once a preset was switched on for the first time. */
export function presetRules(
  kind: 'Standard' | 'Strict',
  recipients: Recipients,
  state: 'Enabled' | 'Disabled',
): Cmdlets {
  const name = `${kind} Preset Security Policy`
  const of = (cmdlet: keyof typeof presetNumbers) => `${name}${presetNumbers[cmdlet]}`
  const priority = kind === 'Strict' ? 0 : 1
  return {
    'Get-EOPProtectionPolicyRule': [
      rule(
        name,
        {
          HostedContentFilterPolicy: of('Get-HostedContentFilterPolicy'),
          AntiPhishPolicy: of('Get-AntiPhishPolicy'),
          MalwareFilterPolicy: of('Get-MalwareFilterPolicy'),
        },
        recipients,
        state,
        priority,
      ),
    ],
    'Get-ATPProtectionPolicyRule': [
      rule(
        name,
        { SafeAttachmentPolicy: of('Get-SafeAttachmentPolicy'), SafeLinksPolicy: of('Get-SafeLinksPolicy') },
        recipients,
        state,
        priority,
      ),
    ],
  }
}

export interface TransportRuleInput {
  name: string
  state?: 'Enabled' | 'Disabled'
  mode?: 'Enforce' | 'Audit' | 'AuditAndNotify'
  priority?: number
  actions?: JsonObject
}

/** A mail flow rule with every member the service writes, unset ones null. */
export function transportRule(template: JsonObject | undefined, input: TransportRuleInput): JsonObject {
  return {
    ...template,
    Priority: input.priority ?? 0,
    Description: 'Take the following actions:\r\n\t...\r\n',
    Conditions: null,
    Actions: null,
    SenderDomainIs: null,
    SetSCL: null,
    RedirectMessageTo: null,
    BlindCopyTo: null,
    CopyTo: null,
    AddToRecipients: null,
    State: input.state ?? 'Enabled',
    Mode: input.mode ?? 'Enforce',
    ...input.actions,
    Identity: input.name,
    Name: input.name,
  }
}

/** An alert policy under another name. */
export function alertLike(template: JsonObject | undefined, name: string, changes: JsonObject): JsonObject {
  return {
    ...template,
    ...changes,
    Policy: guid('alert policy', name),
    Name: name,
    Identity: String(template?.Identity).replace(String(template?.Name), name),
  }
}
