import type { DirectoryUser, JsonObject } from './types.ts'

const owner = [
  'Update',
  'MoveToDeletedItems',
  'SoftDelete',
  'HardDelete',
  'UpdateFolderPermissions',
  'UpdateInboxRules',
]
const delegate = [
  'Update',
  'MoveToDeletedItems',
  'SoftDelete',
  'HardDelete',
  'SendAs',
  'SendOnBehalf',
  'Create',
  'UpdateFolderPermissions',
  'UpdateInboxRules',
  'ApplyRecord',
  'MailItemsAccessed',
]

/** One list for thousands of mailboxes: frozen, so that a change to one row is not a change to all. */
function shared(...actions: string[]): string[] {
  return Object.freeze(actions) as string[]
}

/** The audited actions of a mailbox nobody has touched (E5 and E3 with audit standard). */
const defaultAudit = {
  AuditAdmin: shared(...delegate.slice(0, 9), 'UpdateCalendarDelegation', 'ApplyRecord', 'MailItemsAccessed', 'Send'),
  AuditDelegate: shared(...delegate),
  AuditOwner: shared(...owner, 'UpdateCalendarDelegation', 'ApplyRecord', 'MailItemsAccessed', 'Send'),
  DefaultAuditSet: shared('Admin', 'Delegate', 'Owner'),
}

export function mailbox(holder: DirectoryUser, kind: 'UserMailbox' | 'SharedMailbox' | 'RoomMailbox'): JsonObject {
  const alias = holder.userPrincipalName.split('@')[0] ?? holder.userPrincipalName
  return {
    AuditEnabled: true,
    AuditLogAgeLimit: '90.00:00:00',
    ...defaultAudit,
    RoleAssignmentPolicy: 'Default Role Assignment Policy',
    ExternalDirectoryObjectId: holder.id,
    UserPrincipalName: holder.userPrincipalName,
    DisplayName: holder.displayName,
    PrimarySmtpAddress: holder.userPrincipalName,
    RecipientType: 'UserMailbox',
    RecipientTypeDetails: kind,
    Identity: alias,
    Name: alias,
  }
}

/** Present in every provisioned tenant: an empty mailbox list is never true. */
export function discoveryMailbox(initialDomain: string): JsonObject {
  const name = 'DiscoverySearchMailbox{D919BA05-46A6-415f-80AD-7E09334BB852}'
  return {
    AuditEnabled: false,
    AuditLogAgeLimit: '90.00:00:00',
    ...defaultAudit,
    RoleAssignmentPolicy: 'Default Role Assignment Policy',
    ExternalDirectoryObjectId: '',
    UserPrincipalName: `${name}@${initialDomain}`,
    DisplayName: 'Discovery Search Mailbox',
    PrimarySmtpAddress: `${name}@${initialDomain}`,
    RecipientType: 'UserMailbox',
    RecipientTypeDetails: 'DiscoveryMailbox',
    Identity: name,
    Name: name,
  }
}

export function auditBypassRow(name: string): JsonObject {
  return { ObjectId: name, AuditBypassEnabled: false, Name: name, Identity: name }
}
