/** Built-in directory roles: name and template id, the same in every tenant. */
export const roleTemplates: Record<string, string> = {
  'Application Administrator': '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
  'Application Developer': 'cf1c38e5-3621-4004-a7cb-879624dced7c',
  'Authentication Administrator': 'c4e39bd9-1100-46d3-8c65-fb160da0071f',
  'Azure Information Protection Administrator': '7495fdc4-34c4-4d15-a289-98788ce399fd',
  'Billing Administrator': 'b0f54661-2d74-4c50-afa3-1ec803f12efe',
  'Cloud Application Administrator': '158c047a-c907-4556-b7ef-446551a6b5f7',
  'Cloud Device Administrator': '7698a772-787b-4ac8-901f-60d6b08affd2',
  'Compliance Administrator': '17315797-102d-40b4-93e0-432062caca18',
  'Conditional Access Administrator': 'b1be1c3e-b65d-4f19-8427-f6fa0d97feb9',
  'Customer LockBox Access Approver': '5c4f9dcd-47dc-4cf7-8c9a-9e4207cbfc91',
  'Directory Readers': '88d8e3e3-8f55-4a1e-953a-9b9898b8876b',
  'Exchange Administrator': '29232cdf-9323-42fd-ade2-1d097af3e4de',
  'Fabric Administrator': 'a9ea8996-122f-4c74-9520-8edcd192826c',
  'Global Administrator': '62e90394-69f5-4237-9190-012177145e10',
  'Global Reader': 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
  'Helpdesk Administrator': '729827e3-9c14-49f7-bb1b-9608f156bbb8',
  'Intune Administrator': '3a2c62db-5318-420d-8d74-23affee5d9d5',
  'Kaizala Administrator': '74ef975b-6605-40af-a5d2-b9539d836353',
  'License Administrator': '4d6ac14f-3453-41d0-bef9-a3e0c569773a',
  'Microsoft Entra Joined Device Local Administrator': '9f06204d-73c1-4d4c-880a-6edb90606fd8',
  'Password Administrator': '966707d0-3269-4727-9be2-8c3a10f19b9d',
  'Privileged Authentication Administrator': '7be44c8a-adaf-4e2a-84d6-ab2649e08a13',
  'Privileged Role Administrator': 'e8611ab8-c189-46e8-94e1-60213ab1f814',
  'Reports Reader': '4a5d8f65-41da-4de4-8968-e035b65339cf',
  'Security Administrator': '194ae4cb-b126-40b2-bd5b-6091b380977d',
  'Security Reader': '5d6b6bb7-de71-4623-b4af-96380a352509',
  'SharePoint Administrator': 'f28a1f50-f6e7-4571-818b-6a12f2af6b6c',
  'Skype for Business Administrator': '75941009-915a-4869-abe7-691bff18279e',
  'Teams Administrator': '69091246-20e8-4a56-aa4d-066075b2a7a8',
  'User Administrator': 'fe930be7-5e62-47db-91af-98c3a49a38b1',
}

export function roleTemplateId(name: string): string {
  const id = roleTemplates[name]
  if (id === undefined) throw new Error(`No built-in directory role is called "${name}". Add it to roleTemplates.`)
  return id
}

/** What a scanner's application needs: see the product's permission list. */
export const readerRoles = [roleTemplateId('Global Reader'), roleTemplateId('Security Reader')]
