import { describe, expect, test } from 'vitest'
import { childEnvironment, readVariable } from './environment.ts'

describe('the environment of the engine', () => {
  const host = {
    PATH: '/bin',
    HOME: '/home/host',
    DATABASE_URL: 'canary',
    AWS_SECRET_ACCESS_KEY: 'canary',
    NODE_OPTIONS: '--inspect',
    https_proxy: 'http://proxy:1',
    SSL_CERT_FILE: '/ca.pem',
    LANG: '',
  }

  test('S-41 is made of allowed names, private folders and fixed settings', () => {
    const result = childEnvironment({ environment: host, folder: '/private', marker: 'abc', platform: 'linux' })
    expect(JSON.stringify(result)).not.toMatch(/canary|inspect|home\/host/)
    expect(result).toMatchObject({
      PATH: '/bin',
      https_proxy: 'http://proxy:1',
      SSL_CERT_FILE: '/ca.pem',
      TENANTSCOPE_RUN: 'abc',
      NO_COLOR: '1',
      POWERSHELL_TELEMETRY_OPTOUT: '1',
      POWERSHELL_UPDATECHECK: 'Off',
      POWERSHELL_DIAGNOSTICS_OPTOUT: '1',
      DOTNET_EnableDiagnostics: '0',
      DOTNET_TieredPGO: '0',
      DOTNET_TC_CallCounting: '0',
    })
    expect(result).not.toHaveProperty('LANG')
    expect(result.HOME).toMatch(/private/)
    expect(result.TMPDIR).toMatch(/private/)
  })

  test('on Windows has what programs need to start there, in any case of letters', () => {
    const environment = { Path: 'C:\\bin', SYSTEMROOT: 'C:\\Windows', UserProfile: 'C:\\Users\\host' }
    const result = childEnvironment({ environment, folder: 'C:\\private', marker: 'abc', platform: 'win32' })
    expect(result).toMatchObject({ PATH: 'C:\\bin', SystemRoot: 'C:\\Windows' })
    expect(result.USERPROFILE).toMatch(/private/)
    expect(readVariable(environment, 'PATH', 'win32')).toBe('C:\\bin')
    expect(readVariable(environment, 'PATH', 'linux')).toBeUndefined()
  })
})
