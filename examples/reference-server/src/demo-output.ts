import type { Outcome, ScanStatus } from './demo-scan.ts'

export interface Bar {
  show(status: ScanStatus): void
  end(): void
}

/** One line that is drawn over on a terminal; elsewhere a line each time the number changed by ten. */
export function progressBar(out: NodeJS.WriteStream): Bar {
  const width = 30
  let lastShown = -10
  return {
    show: (status) => {
      const percent = status.progress_percentage
      const filled = Math.round((percent / 100) * width)
      const line = `[${'█'.repeat(filled)}${'░'.repeat(width - filled)}] ${String(percent).padStart(3)} %  ${status.current_check ?? 'starting'}`
      if (out.isTTY) {
        out.write(`\r\x1b[K${line}`)
      } else if (percent >= lastShown + 10 || (percent === 100 && lastShown !== 100)) {
        lastShown = percent
        out.write(`${line}\n`)
      }
    },
    end: () => {
      if (out.isTTY) out.write('\n')
    },
  }
}

export function resultTable({ status, results }: Outcome, columns: number): string {
  const titleWidth = Math.max(20, Math.min(58, columns - 40))
  const rows = results.map((r) => {
    const detail = r.status === 'Pass' || r.status === 'Fail' ? '' : (r.reason_code ?? '')
    return `  ${r.check_id.padEnd(9)} ${r.category}  ${clip(r.title, titleWidth).padEnd(titleWidth)}  ${r.status.padEnd(13)} ${detail}`.trimEnd()
  })
  const judged = status.passed + status.failed
  const score =
    judged === 0
      ? 'no score: nothing was judged'
      : `${Math.round((status.passed / judged) * 100)} % (${status.passed} of ${judged} judged controls pass)`
  const rest = `${judged} of ${status.total_checks} controls judged; manual ${status.manual}, not applicable ${status.not_applicable}, error ${status.errors}`
  const ended = status.error_message ? `\n  Ended: ${status.status}: ${status.error_message}` : ''
  return ['', ...rows, '', `  Score: ${score}`, `  Coverage: ${rest}${ended}`].join('\n')
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

export function curlLines(api: string, { m365TenantId, status }: Outcome): string {
  const auth = "-H 'Authorization: Bearer demo'"
  return [
    'Go on with:',
    `  curl ${auth} '${api}/scans/${status.scan_id}/results?status=fail'`,
    `  curl ${auth} -X POST ${api}/m365-tenants/${m365TenantId}/test-connection`,
    `  curl ${auth} -H 'Content-Type: application/json' -d '{"m365_tenant_id":"${m365TenantId}","l1_only":true}' ${api}/scans/start`,
  ].join('\n')
}
