import { packageProject } from '../../vitest.shared.ts'

export default packageProject('m365-simulator')
