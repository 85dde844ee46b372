import { controlOf } from './catalogue.ts'
import { namesIn, type StateLine, type ValueLine } from './mutation-lines.ts'

// Changed evidence must end in "unexpected data" where a verdict reads it. Every case in which another answer is right is
// here, with the reason. A full run fails for an exception that nothing needs.

export interface Exception {
  reason: string
  of: (line: ValueLine) => boolean
}

type Test = (line: ValueLine) => boolean

/** Sources that may be missing, although the answer then is another one and not theirs. */
export const stateExceptions: { reason: string; of: (line: StateLine) => boolean }[] = [
  {
    reason: 'The report alone decides; the accounts only excuse those who were switched off since it was made.',
    of: ({ check, source, status }) =>
      source === 'graph/users' && status === 'fail' && ['5.2.3.4', '5.2.4.1'].includes(controlOf(check)),
  },
]

const all =
  (...tests: Test[]): Test =>
  (line) =>
    tests.every((test) => test(line))
const source =
  (pattern: string | RegExp): Test =>
  (line) =>
    typeof pattern === 'string' ? line.source === pattern : pattern.test(line.source)
/** The path without indexes and ids, joined by dots: `conditions.users.includeUsers`. */
const property =
  (pattern: RegExp): Test =>
  (line) =>
    pattern.test(namesIn(line.shape).join('.'))
const mutation =
  (...names: ValueLine['mutation'][]): Test =>
  (line) =>
    names.includes(line.mutation)
const control =
  (...ids: string[]): Test =>
  (line) =>
    ids.includes(controlOf(line.check))
const absent = mutation('absent')
const empty = mutation('empty')
const unchanged: Test = (line) => line.status === line.base
const becomes =
  (...statuses: string[]): Test =>
  (line) =>
    statuses.includes(line.status)

const conditionalAccess = 'graph/identity/conditionalAccess/policies'
const reviews = 'graph/identityGovernance/accessReviews/definitions'
const mailRules = /^exchange\/Get-(\w+Rule)$/

/** Controls that ask whether there is one that …: what the others are does not matter. */
const oneIsEnough = control(
  ...['1.3.2', '2.1.1', '2.1.7', '2.1.11', '2.4.1', '3.2.1', '3.2.2', '3.3.1', '5.1.3.1', '5.3.2', '5.3.3'],
  ...Array.from({ length: 12 }, (_, index) => `5.2.2.${index + 1}`),
)

/** What a rule on Conditional Access asks for itself: there an absent value was not read. */
const askedOf: Record<string, string[]> = {
  'conditions.signInRiskLevels': ['5.2.2.7', '5.2.2.8'],
  'conditions.userRiskLevels': ['5.2.2.6'],
  'conditions.clientAppTypes': ['1.3.2', '5.2.2.3'],
  'conditions.authenticationFlows': ['5.2.2.12'],
}
const notAsked: Test = (line) => !askedOf[namesIn(line.shape).join('.')]?.includes(controlOf(line.check))

const general: Exception[] = [
  {
    reason: 'Names are for people: they decide nothing, and something else stands in for them.',
    of: all(unchanged, property(/(^|\.)(displayName|Title)$/)),
  },
  {
    reason: 'The same of names and ids, as long as nothing but the name in a finding changes.',
    of: all(
      unchanged,
      ({ sameDecision }) => sameDecision,
      property(/(^|\.)(\w*PrincipalName|Name|Identity|description|id|Guid)$/),
    ),
  },
  {
    reason: 'One is enough, and the rest of the evidence holds one: a row that cannot be read does not take it away.',
    of: all(oneIsEnough, unchanged, ({ status, without }) => status === 'pass' && without === 'pass'),
  },
  {
    reason: 'A first source without data is as good as not read: the second one answers.',
    of: all(mutation('null'), property(/^$/), control('5.1.6.1', '7.2.1', '7.2.3', '7.2.5', '7.2.6', '7.3.2')),
  },
]

const conditionalAccessExceptions: Exception[] = [
  {
    reason: 'A policy for everybody is told of, as it does not name the roles; whom others are for is not judged.',
    of: all(source(conditionalAccess), control('5.2.2.1'), property(/^conditions\.users\.includeUsers$/), unchanged),
  },
  {
    reason:
      'A policy that is switched off or only reports is no proof, whatever it holds; it is told of as far as it can be read.',
    of: all(source(conditionalAccess), unchanged, ({ rowState }) => rowState !== null && rowState !== 'enabled'),
  },
  {
    reason: 'Conditions, exclusions and further controls that a rule does not ask for: absent means not set.',
    of: all(
      source(conditionalAccess),
      absent,
      property(
        /^conditions\.(signInRiskLevels|userRiskLevels|insiderRiskLevels|clientAppTypes|clientApplications|authenticationFlows|platforms|locations|devices)|^conditions\.users\.exclude|^conditions\.applications\.(excludeApplications|applicationFilter)$|^grantControls\.(operator|builtInControls|termsOfUse|customAuthenticationFactors|authenticationStrength)$/,
      ),
      notAsked,
    ),
  },
  {
    reason: 'What narrows a policy, makes a way around it, or excludes somebody: an empty list does none of that.',
    of: all(
      source(conditionalAccess),
      empty,
      property(
        /^conditions\.(signInRiskLevels|userRiskLevels|clientAppTypes|platforms\.\w+|locations\.\w+|users\.exclude\w+|applications\.excludeApplications|clientApplications\.\w+|somethingNew)$|^grantControls\.(builtInControls|termsOfUse|customAuthenticationFactors)$/,
      ),
      notAsked,
    ),
  },
  {
    reason: 'Whom a browser policy concerns is shown, not judged.',
    of: all(source(conditionalAccess), control('1.3.2'), property(/^conditions\.users(\.include\w+)?$/), unchanged),
  },
  {
    reason: 'A condition nobody knows narrows a policy; without it nothing does.',
    of: all(source(conditionalAccess), property(/^conditions\.somethingNew$/)),
  },
  {
    reason: 'Guests who are excluded are shown for review, not judged: only whether there is a value is asked.',
    of: all(source(conditionalAccess), property(/excludeGuestsOrExternalUsers$/), unchanged),
  },
  {
    reason:
      'A strength that does not say what it satisfies is taken at its word: a strength is what the rule asks for.',
    of: all(source(conditionalAccess), absent, property(/authenticationStrength\.requirementsSatisfied$/)),
  },
  {
    reason:
      'Without client applications a policy is one for people, and then it has to leave an emergency account alone.',
    of: all(source(conditionalAccess), control('1.1.2'), property(/^conditions\.clientApplications$/)),
  },
]

const reviewExceptions: Exception[] = [
  {
    reason: 'A review that does not run is no proof, whatever its settings; they are told as far as they can be read.',
    of: all(source(reviews), unchanged, ({ rowState }) => rowState !== null && rowState !== 'InProgress'),
  },
  {
    reason:
      'A scope has the parts of its kind, and a definition need have no second one: what is not there adds nobody.',
    of: all(
      source(reviews),
      absent,
      property(
        /^(scope|instanceEnumerationScope)(\.(principalScopes|resourceScopes)(\.inactiveDuration)?|\.inactiveDuration)?$/,
      ),
    ),
  },
  {
    reason: 'Only a scope of inactive people has a duration, of whatever kind; any value narrows the review.',
    of: all(source(reviews), property(/inactiveDuration$/), unchanged),
  },
  {
    reason: 'A review in one stage has no stages: its own reviewers and days count.',
    of: all(source(reviews), mutation('absent', 'empty', 'null'), property(/^stageSettings$/)),
  },
]

const entraExceptions: Exception[] = [
  {
    reason: 'What is no account object is none under another name either; the account is judged by what names it.',
    of: all(
      control('1.1.2'),
      source('graph/users/{id}'),
      unchanged,
      ({ sameDecision }) => sameDecision,
      property(/^$/),
    ),
  },
  {
    reason: 'Names in the text about who could be an emergency account.',
    of: all(control('1.1.2'), unchanged, property(/(^|\.)userPrincipalName$/)),
  },
  {
    reason: 'Without the id or the name by which an account is known to be switched off, the report alone decides.',
    of: all(control('5.2.3.4', '5.2.4.1'), property(/^(id|userPrincipalName)$/), becomes('fail')),
  },
  {
    reason: 'What kind of principal holds a role is shown; only Global Administrator has exceptions, for people.',
    of: all(control('5.3.1'), absent, unchanged, property(/^principal\.@odata\.type$/)),
  },
  {
    reason: 'An empty list of members is an answer: a role or a group may have none.',
    of: all(source(/^graph\/(directoryRoles|groups)\/\{id\}\/members$/), empty),
  },
  {
    reason: 'A group or an account that nobody tried to read: a person has to look.',
    of: all(
      source(/^graph\/(groups\/\{id\}\/members|users\/\{id\})$/),
      absent,
      becomes('manual', 'fail'),
      ({ path }) => path.split('/').length === 2,
    ),
  },
  { reason: 'An account may carry no licence.', of: all(source(/^graph\/users\/\{id\}(\/licenseDetails)?$/), empty) },
  {
    reason:
      'A tenant may have no Microsoft 365 group, and a group without the kind is one by the filter of the request.',
    of: all(source('graph/groups?Unified'), mutation('empty', 'absent'), property(/^(groupTypes)?$/)),
  },
  {
    reason:
      'No object of the settings: the service left the feature out of the answer, which is how it looks without Intune.',
    of: all(source('graph/deviceManagement/settings'), absent, becomes('not_applicable')),
  },
  {
    reason: 'The service leaves out what it no longer has: number matching is on for everybody.',
    of: all(absent, property(/^featureSettings\.numberMatchingRequiredState$/)),
  },
  {
    reason: 'Nobody excluded, or no target of a state that is the same as none: nothing is taken away.',
    of: all(
      source(/authenticationMethod/),
      mutation('empty', 'null', 'absent'),
      property(/(^|\.)(excludeTargets?|includeTarget)$/),
    ),
  },
  {
    reason: 'The state of the migration is shown beside the verdict.',
    of: all(property(/^policyMigrationState$/), unchanged),
  },
  {
    reason: 'No consent policy assigned means that nobody may consent.',
    of: all(empty, property(/permissionGrantPoliciesAssigned$/)),
  },
  {
    reason: 'The definition comes as a list with one text, by the older route as the text itself.',
    of: all(source(/^graph\/beta\/.*olicies$/), mutation('kindred'), property(/^definition$/), unchanged),
  },
  {
    reason: 'Whether somebody is an administrator is shown beside the verdict.',
    of: all(control('5.2.3.4'), property(/^isAdmin$/), unchanged),
  },
  {
    reason: 'A deleted principal has no object any more; its name and kind are shown.',
    of: all(control('5.3.1'), absent, property(/^principal$/), unchanged),
  },
  {
    reason:
      'Where the service does not say which domains are subdomains, the names do; approvers are no backup unless they say so.',
    of: all(mutation('absent', 'null'), property(/(^isRoot|\.isBackup)$/)),
  },
]

const mailExceptions: Exception[] = [
  {
    reason: 'Exceptions of a rule: without them, or with an empty list, nobody is taken out.',
    of: all(source(mailRules), mutation('absent', 'empty', 'null'), property(/^ExceptIf/)),
  },
  {
    reason:
      'Whom a preset or a rule of Safe Attachments reaches, where the answer does not tell: the control stands on the settings.',
    of: all(
      source(/Get-(ATPProtectionPolicyRule|SafeAttachmentRule)$/),
      absent,
      property(/^(RecipientDomainIs|SentTo|SentToMemberOf)$/),
    ),
  },
  {
    reason: 'One way of naming recipients is empty while another names some, or a narrow scope counts as well.',
    of: all(source(mailRules), empty, property(/^(RecipientDomainIs|SentTo|SentToMemberOf)$/)),
  },
  {
    reason: 'No rule: only the default policy, the built-in protection or the presets are in force.',
    of: all(source(mailRules), empty, property(/^$/)),
  },
  {
    reason: 'A rule of a preset that names no policy is known by its own name.',
    of: all(source(/ProtectionPolicyRule$/), mutation('null'), property(/Policy$/), unchanged),
  },
  {
    reason: 'Rules name a policy by its identity or its name: without the name a rule that used it finds nothing.',
    of: all(source(/^exchange\/Get-\w+Policy$/), absent, property(/^Name$/), becomes('fail')),
  },
  {
    reason:
      'Lists of what must not be: allowed senders and addresses, redirects, trusted domains, add-ins, exceptions of the tag.',
    of: all(
      empty,
      property(
        /^(IPAllowList|AllowedSenderDomains|RedirectMessageTo|SenderDomainIs|AssignedRoles|AllowList|TeamsLocationException)$/,
      ),
    ),
  },
  {
    reason: 'Some of the places in which a policy works are enough.',
    of: all(source('compliance/Get-DlpCompliancePolicy'), empty, control('3.2.1'), property(/Location$/)),
  },
  {
    reason: 'A label policy is shown as published by whatever lists of labels and places the answer has.',
    of: all(
      source('compliance/Get-LabelPolicy'),
      absent,
      property(/^(Labels|ScopedLabels|ExchangeLocation|ModernGroupLocation)$/),
    ),
  },
  {
    reason: 'A policy that is neither the default nor the first custom one is shown, not judged.',
    of: all(control('2.1.2', '2.1.3', '2.1.6'), empty, unchanged, ({ without }) => without === 'pass'),
  },
  {
    reason: 'One bare text was seen where a list is usual.',
    of: all(mutation('kindred'), property(/^(RecipientTags|RedirectMessageTo|SetSCL)$/), unchanged),
  },
  {
    reason: 'A domain sends, and stands for itself alone, unless it says otherwise. It never makes a pass.',
    of: all(
      source('exchange/Get-AcceptedDomain'),
      mutation('absent', 'null'),
      property(/^(MatchSubDomains|SendingFromDomainDisabled)$/),
      becomes('fail'),
    ),
  },
  {
    reason: 'Only hybrid tenants say that a domain stands for its subdomains; null is no.',
    of: all(mutation('null'), property(/^MatchSubDomains$/), unchanged),
  },
  {
    reason: 'A name without records of its own follows those of its domain.',
    of: all(source('dns/txt'), empty, control('2.1.10')),
  },
  {
    reason: 'A name that records point to and that nobody looked up: a person has to look.',
    of: all(source('dns/txt'), absent, becomes('manual')),
  },
  {
    reason: 'Old objects answer null for a switch of user reports that was never turned on. It never makes a pass.',
    of: all(source('exchange/Get-ReportSubmissionPolicy'), mutation('null'), becomes('fail')),
  },
]

const otherExceptions: Exception[] = [
  {
    reason: 'The service leaves a list of groups out when it is empty.',
    of: all(
      source('fabric/tenantSettings'),
      mutation('absent', 'empty', 'null'),
      property(/^(enabled|excluded)SecurityGroups$/),
    ),
  },
  {
    reason: 'Only the Global policy is judged; what the others say is a note.',
    of: all(source(/^teams\//), unchanged, ({ rowState }) => rowState !== null && rowState !== 'Global'),
  },
  {
    reason: 'The main switch matters only while the two before it are open, and is taken as on where it is not told.',
    of: all(
      control('8.2.3'),
      property(/^EnableTeamsConsumerAccess$/),
      ({ status, base }) => status === base || status === 'fail',
    ),
  },
  {
    reason: 'A retired switch: newer answers no longer have it, and null is what it may be.',
    of: all(control('8.2.4'), property(/^(AllowPublicUsers|AllowFederatedUsers)$/)),
  },
  {
    reason: 'No list of domains means every domain, an empty one nobody; a single domain may come without its list.',
    of: all(control('8.2.1'), property(/^AllowedDomains(\.\w+)*$/)),
  },
  {
    reason: 'The list is empty under the name that is left, and an empty list limits nobody.',
    of: all(control('7.2.8'), absent, becomes('fail'), property(/AllowList/)),
  },
  {
    reason: 'The same setting is still there under its other name.',
    of: all(source('sharepoint/tenant'), absent, control('7.2.4'), property(/^(ODB|OneDrive)SharingCapability$/)),
  },
  {
    reason: 'The value behind a switch that is off, or a list under another name than the one that decides.',
    of: all(
      source(/^sharepoint\/|^graph\/admin\/sharepoint/),
      unchanged,
      mutation('absent', 'null', 'wrong', 'kindred'),
      property(
        /^(ExternalUserExpireInDays|EmailAttestationReAuthDays|AllowedDomainList|SharingAllowedDomainList|sharingAllowedDomainList|AllowedDomainListForSyncClient|allowedDomainGuidsForSyncApp|WhoCanShareAuthenticatedGuestAllowList|GuestSharingGroupAllowListInTenantByPrincipalIdentity)$/,
      ),
    ),
  },
]

export const exceptions: Exception[] = [
  ...general,
  ...conditionalAccessExceptions,
  ...reviewExceptions,
  ...entraExceptions,
  ...mailExceptions,
  ...otherExceptions,
]
