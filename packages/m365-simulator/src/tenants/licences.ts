/** Service plan ids by name: public constants of Microsoft's licensing reference. */
export const servicePlanIds: Record<string, string> = {
  AAD_PREMIUM: '41781fb2-bc02-4b7c-bd55-b576c07bb09d',
  AAD_PREMIUM_P2: 'eec0eb4f-6444-4f95-aba0-50c24d67f998',
  ADALLOM_S_STANDALONE: '2e2ddb96-6af9-4b1d-a3f0-d6ecfd22edb2',
  ATP_ENTERPRISE: 'f20fedf3-f3c3-43c3-8267-2bfdd51c0939',
  BPOS_S_TODO_1: '5e62787c-c316-451f-b873-1d05acd4d12c',
  BI_AZURE_P0: '2125cfd7-2110-4567-83c4-c1cd5275163d',
  BI_AZURE_P2: '70d33638-9c74-4d01-bfd3-562de28bd4ba',
  COMMUNICATIONS_DLP: '6dc145d6-95dd-4191-b9c3-185575ee6f6b',
  EXCHANGE_S_ENTERPRISE: 'efb87545-963c-4e0d-99df-69c6916d9eb0',
  EXCHANGE_S_STANDARD: '9aaf7827-d63c-4b61-89c3-182f06f82e5c',
  FLOW_O365_P1: '0f9b09cb-62d1-4ff4-9129-43f4996f83f4',
  FORMS_PLAN_E1: '159f4cd6-e380-449f-a816-af1a9ef76344',
  FORMS_PLAN_E3: '2789c901-c14e-48ab-a76a-be334d9d793a',
  FORMS_PLAN_E5: 'e212cbc7-0961-4c40-9825-01117710dcb1',
  INTUNE_A: 'c1ec4a95-1f05-45b3-a911-aa3fa01094f5',
  INTUNE_O365: '882e1d05-acd1-4ccb-8708-6ee03664b117',
  LOCKBOX_ENTERPRISE: '9f431833-0334-42de-a7dc-70aa40db46db',
  MIP_S_CLP1: '5136a095-5cf0-4aff-bec3-e84448b38ea5',
  MIP_S_CLP2: 'efb0351d-3b08-4503-993d-383af8de41e3',
  RMS_S_ENTERPRISE: 'bea4c11e-220a-4e6d-8eb8-8ea15d019f90',
  RMS_S_PREMIUM: '6c57d4b6-3b23-47a5-9bc9-69f17b4947b3',
  RMS_S_PREMIUM2: '5689bec4-755d-4753-8b61-40975025187c',
  SAFEDOCS: 'bf6f5520-59e3-4f82-974b-7dbbc4fd27c7',
  SHAREPOINTENTERPRISE: '5dbe027f-2339-4123-9542-606e4d348a72',
  SHAREPOINTSTANDARD: 'c7699d2e-19aa-44de-8edf-1736da088ca1',
  SWAY: 'a23b959c-7ce8-4e57-9140-b90eb88a9e97',
  TEAMS1: '57ff2da0-773e-42df-b2af-ffb7a2317929',
  THREAT_INTELLIGENCE: '8e0c0a52-6a6c-4d40-8370-dd62790dcd70',
}

export const e3Plans = [
  'AAD_PREMIUM',
  'EXCHANGE_S_ENTERPRISE',
  'FORMS_PLAN_E3',
  'INTUNE_A',
  'MIP_S_CLP1',
  'RMS_S_ENTERPRISE',
  'RMS_S_PREMIUM',
  'SHAREPOINTENTERPRISE',
  'TEAMS1',
]

export const e5Plans = [
  ...e3Plans.filter((plan) => plan !== 'FORMS_PLAN_E3'),
  'AAD_PREMIUM_P2',
  'ADALLOM_S_STANDALONE',
  'ATP_ENTERPRISE',
  'BI_AZURE_P2',
  'COMMUNICATIONS_DLP',
  'FORMS_PLAN_E5',
  'LOCKBOX_ENTERPRISE',
  'MIP_S_CLP2',
  'RMS_S_PREMIUM2',
  'SAFEDOCS',
  'THREAT_INTELLIGENCE',
]

/** Microsoft 365 Business Basic: mail, files and meetings, and nothing that protects or manages them. */
export const businessBasicPlans = [
  'BPOS_S_TODO_1',
  'EXCHANGE_S_STANDARD',
  'FLOW_O365_P1',
  'FORMS_PLAN_E1',
  // The device management that comes with every plan: not Intune.
  'INTUNE_O365',
  'SHAREPOINTSTANDARD',
  'SWAY',
  'TEAMS1',
]

/** The free Fabric licence that a tenant gets when its first user signs up. */
export const fabricFreePlans = ['BI_AZURE_P0']

export const skus = {
  e3: { skuId: '05e9a617-0261-4cee-bb44-138d3ef5d965', skuPartNumber: 'SPE_E3' },
  e5: { skuId: '06ebc4ee-1bb5-47dd-8120-11324bc54e06', skuPartNumber: 'SPE_E5' },
  businessBasic: { skuId: '3b555118-da6a-4418-894f-7df1e2096870', skuPartNumber: 'O365_BUSINESS_ESSENTIALS' },
  entraP2: { skuId: '84a661c4-e949-4bd2-a560-ed7766fcaf2b', skuPartNumber: 'AAD_PREMIUM_P2' },
  fabricFree: { skuId: 'a403ebcc-fae0-4ca2-8c8c-7a907fd6c235', skuPartNumber: 'POWER_BI_STANDARD' },
} as const
