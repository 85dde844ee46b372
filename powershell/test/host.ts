import { webcrypto } from 'node:crypto'
import { createInterface } from 'node:readline'
import * as x509 from '@peculiar/x509'
import type { Simulator, TenantDocument } from '@tenantscope/m365-simulator'
import { importPKCS8, SignJWT } from 'jose'
import { fetch, ProxyAgent } from 'undici'
import { startPwsh } from './pwsh.ts'

const nonce = 'nonce-0123456789abcdef'

export interface Frame {
  t: string
  seq: number
  // biome-ignore lint/suspicious/noExplicitAny: a frame is checked by what a test expects of it
  [field: string]: any
}

export interface HostAnswers {
  token?: (request: Frame) => Promise<object> | object
  dns?: (request: Frame) => Promise<object> | object
}

export interface EngineRun {
  frames: Frame[]
  /** What stood on stdout outside of frames. */
  noise: string
  stderr: string
  code: number | null
  signal: NodeJS.Signals | null
}

export interface RunningEngine {
  pid: number
  frames: Frame[]
  send(line: object | string): void
  endInput(): void
  /** Resolves with the first frame that fits, also one that is there already. */
  frame(fits: (frame: Frame) => boolean): Promise<Frame>
  ended: Promise<EngineRun>
}

export function job(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    t: 'job',
    protocol: 'tenantscope-engine/1',
    nonce,
    scanId: 'scan-1',
    attempt: 1,
    benchmark: { id: 'cis-m365', version: '5.0.0' },
    controls: ['5.1.2.2'],
    scanStartedAt: '2026-11-01T08:00:00Z',
    m365Tenant: { id: '00000000-0000-0000-0000-000000000001', defaultDomain: 'contoso.onmicrosoft.com' },
    credentialKind: 'client_secret',
    cloud: 'commercial',
    inputs: {},
    keepEvidence: true,
    limits: { callTimeoutMs: 20_000, sourceTimeoutMs: 60_000, scanTimeoutMs: 120_000, maxRetries: 5 },
    network: { proxyUrl: null, caFile: null },
    ...overrides,
  }
}

/** Starts the engine, hands it a job and answers what it asks. */
export function startEngine(
  line: object | string,
  answers: HostAnswers = {},
  env: NodeJS.ProcessEnv = {},
): RunningEngine {
  const child = startPwsh('Start-Checks.ps1', ['-Engine'], { TENANTSCOPE_ENGINE_DEBUG: '1', ...env })
  const frames: Frame[] = []
  const waiting: { fits: (frame: Frame) => boolean; resolve: (frame: Frame) => void }[] = []
  let noise = ''
  let stderr = ''
  const send = (value: object | string) => {
    if (child.stdin.writable) child.stdin.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`)
  }
  const answer = async (frame: Frame) => {
    if (frame.t === 'token.request' && answers.token)
      send({ t: 'token', id: frame.id, ...(await answers.token(frame)) })
    if (frame.t === 'dns.request' && answers.dns) send({ t: 'dns', id: frame.id, ...(await answers.dns(frame)) })
  }
  child.stdin.on('error', () => undefined)
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  createInterface({ input: child.stdout }).on('line', (text) => {
    const mark = `\u001e${nonce} `
    const at = text.indexOf(mark)
    if (at < 0) {
      noise += `${text}\n`
      return
    }
    noise += text.slice(0, at)
    const frame = JSON.parse(text.slice(at + mark.length)) as Frame
    frames.push(frame)
    for (const wait of waiting.splice(0)) {
      if (wait.fits(frame)) wait.resolve(frame)
      else waiting.push(wait)
    }
    void answer(frame)
  })
  const ended = new Promise<EngineRun>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ frames, noise, stderr, code, signal }))
  })
  send(line)
  return {
    pid: child.pid ?? 0,
    frames,
    send,
    endInput: () => child.stdin.end(),
    frame: (fits) => {
      const there = frames.find(fits)
      if (there) return Promise.resolve(there)
      return new Promise((resolve, reject) => {
        waiting.push({ fits, resolve })
        void ended.then((run) => reject(new Error(`The engine ended (${run.code}) before that frame: ${run.stderr}`)))
      })
    },
    ended,
  }
}

export interface Certificate {
  pem: string
  privateKey: string
  thumbprint: string
}

export async function createCertificate(): Promise<Certificate> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  }
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  x509.cryptoProvider.set(webcrypto as Crypto)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=tenantscope test',
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: algorithm,
    keys,
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    pem: certificate.toString('pem'),
    privateKey: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`,
    thumbprint: Buffer.from(await certificate.getThumbprint('SHA-1')).toString('base64url'),
  }
}

/** Answers of a host that signs in to the simulator and asks its DNS. */
export function simulatorHost(
  simulator: Simulator,
  tenant: TenantDocument,
  certificate?: Certificate,
): HostAnswers & { close(): Promise<void> } {
  const agent = new ProxyAgent({ uri: simulator.proxyUrl, requestTls: { ca: simulator.caPem } })
  const url = `https://login.microsoftonline.com/${tenant.tenantId}/oauth2/v2.0/token`
  const credential = async (): Promise<Record<string, string>> => {
    if (!certificate) return { client_secret: tenant.app.clientSecret }
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', x5t: certificate.thumbprint })
      .setIssuer(tenant.app.clientId)
      .setSubject(tenant.app.clientId)
      .setAudience(url)
      .setJti(crypto.randomUUID())
      .setNotBefore('0s')
      .setExpirationTime('600s')
      .sign(await importPKCS8(certificate.privateKey, 'RS256'))
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }
  }
  return {
    async token(request) {
      const form = {
        client_id: tenant.app.clientId,
        grant_type: 'client_credentials',
        scope: String(request.scope),
        ...(await credential()),
      }
      const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), dispatcher: agent })
      const body = (await response.json()) as Record<string, unknown>
      if (typeof body.access_token === 'string')
        return { accessToken: body.access_token, expiresAt: '2030-01-01T00:00:00Z' }
      return { error: { code: `AADSTS${(body.error_codes as number[])?.[0]}`, message: 'refused', state: 'denied' } }
    },
    async dns(request) {
      try {
        return { records: await simulator.resolveTxt(String(request.name)) }
      } catch (error) {
        const code = (error as { code?: string }).code ?? 'ESERVFAIL'
        return code === 'ENOTFOUND' || code === 'ENODATA'
          ? { records: [] }
          : { error: { code, message: 'look-up failed' } }
      }
    },
    close: () => agent.destroy(),
  }
}
