/** A page that shows the newest scan live, with nothing but the public API. The product's own dashboard is a package of its own. */
export function landingPage(api: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tenantscope reference server</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: light-dark(#d8dde3, #3a424d); --soft: light-dark(#f4f6f8, #1d232b) }
  body { margin: 0 auto; max-width: 62rem; padding: 1.5rem }
  h1 { font-size: 1.4rem; margin: 0 } header p { margin: .2rem 0 1.2rem; opacity: .75 }
  .bar { height: .6rem; background: var(--soft); border: 1px solid var(--line); border-radius: .3rem; overflow: hidden }
  .bar i { display: block; height: 100%; width: 0; background: #2563eb; transition: width .2s }
  .row { display: flex; gap: 1.2rem; flex-wrap: wrap; align-items: baseline; margin: .8rem 0 } .row b { font-size: 1.3rem }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
  th { font-size: .85rem; opacity: .75 } td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums }
  .s { display: inline-block; min-width: 6.2rem; padding: .05rem .5rem; border-radius: 1rem; text-align: center; font-size: .85rem; color: #fff; background: #64748b }
  .s.Pass { background: #15803d } .s.Fail { background: #b91c1c } .s.Error { background: #b45309 }
  code { background: var(--soft); padding: .1rem .3rem; border-radius: .2rem }
</style>
</head>
<body>
<header><h1>tenantscope</h1><p>Reference server. API under <code>${api}</code> (<a href="${api}/docs">documentation</a>), newest scan below.</p></header>
<div class="bar" role="progressbar" aria-label="progress of the scan" aria-valuemin="0" aria-valuemax="100"><i id="bar"></i></div>
<div class="row" id="summary" aria-live="polite">No scan yet.</div>
<table><thead><tr><th>Control</th><th>Status</th><th>What was found</th></tr></thead><tbody id="rows"></tbody></table>
<script>
const api = ${JSON.stringify(api)}
const $ = (id) => document.getElementById(id)
const rows = new Map()
const text = (tag, value, name) => { const e = document.createElement(tag); e.textContent = value; if (name) e.className = name; return e }
function show(check) {
  const tr = rows.get(check.check_id) ?? $('rows').appendChild(document.createElement('tr'))
  rows.set(check.check_id, tr)
  const status = document.createElement('td')
  status.append(text('span', check.status, 's ' + check.status))
  const found = document.createElement('td')
  found.append(text('strong', check.title ?? ''), text('div', check.message))
  tr.replaceChildren(text('td', check.check_id), status, found)
}
function progress(s) {
  $('bar').style.width = s.progress_percentage + '%'
  $('bar').parentElement.setAttribute('aria-valuenow', s.progress_percentage)
  const judged = s.passed + s.failed
  $('summary').replaceChildren(text('b', judged ? Math.round(s.passed * 100 / judged) + ' %' : '–'),
    text('span', s.passed + ' of ' + judged + ' judged controls pass'),
    text('span', judged + ' of ' + s.total_checks + ' controls judged'),
    text('span', 'errors ' + s.errors + ', manual ' + s.manual + ', not applicable ' + s.not_applicable),
    text('span', 'scan ' + s.status))
}
async function get(path) { const r = await fetch(api + path); if (!r.ok) throw new Error(await r.text()); return r.json() }
async function follow() {
  const scan = (await get('/scans?limit=1')).data[0]
  if (!scan) return setTimeout(follow, 2000)
  const source = new EventSource(api + '/stream/' + scan.scan_id)
  source.addEventListener('progress', (e) => progress(JSON.parse(e.data)))
  source.addEventListener('check', (e) => show(JSON.parse(e.data)))
  source.addEventListener('complete', async (e) => {
    source.close()
    progress(JSON.parse(e.data))
    const done = await get('/scans/' + scan.scan_id + '/results?limit=200')
    rows.clear()
    $('rows').replaceChildren()
    done.data.forEach(show)
    const next = async () => ((await get('/scans?limit=1')).data[0].scan_id === scan.scan_id ? setTimeout(next, 3000) : location.reload())
    setTimeout(next, 3000)
  })
}
follow().catch((e) => { $('summary').textContent = e.message })
</script>
</body>
</html>
`
}
