# Where the organisational domain of a name begins. Registries sell names below two-part endings such as co.uk; a
# record there is nobody's own. This is a short list of such endings, not the whole public suffix list: with an
# ending that is missing here the parent asked for is not in the evidence, and the control asks a person.

# Below any two-letter country: these second labels are the registry's.
$registryLabels = 'ac', 'co', 'com', 'edu', 'gob', 'gouv', 'gov', 'govt', 'go', 'mil', 'ne', 'net', 'or', 'org', 'sch'
# Below one country only.
$registryLabelsOf = @{
    at = 'gv'; au = 'asn id'; ar = 'int tur'; bd = 'info'; br = 'adm adv agr art eco eng far ind inf jor jus leg med mp srv tur tv wiki'
    cn = 'ah bj cq fj gd gs gx gz ha hb he hi hk hl hn jl js jx ln mo nm nx qh sc sd sh sn sx tj tw xj xz yn zj'
    co = 'arts firm info int nom rec web'; cy = 'biz ltd press pro tm'; eg = 'eun name sci'; fr = 'asso nom prd tm'; hk = 'idv'
    hu = 'info'; id = 'biz desa my web'; il = 'idf k12 muni'; in = 'firm gen ind nic res'; jp = 'ad ed gr lg'; ke = 'info me mobi sc'
    kr = 'es hs kg ms pe re sc'; my = 'name'; ng = 'name'; nz = 'cri geek gen health iwi kiwi maori parliament school'; pe = 'nom'
    ph = 'ngo'; pl = 'biz info waw'; pt = 'int nome publ'; ro = 'arts firm info nom nt rec store tm www'; sa = 'med pub'; sg = 'per'
    th = 'in mi'; tr = 'av bbs bel biz dr gen info k12 kep name pol tel tsk tv web'; tw = 'club ebiz game idv'; tz = 'hotel info me mobi sc tv'
    ua = 'in'; ug = 'sc'; uk = 'ltd me nhs plc police'; ve = 'arts e12 firm info int rec store tec web'; vn = 'biz health info int name pro'
    za = 'law nom school web'
}
# Endings that companies hand out, Microsoft's among them.
$sharedEndings = 'onmicrosoft.com', 'mail.onmicrosoft.com', 'onmicrosoft.us', 'partner.onmschina.cn', 'br.com', 'cn.com', 'co.com', 'de.com', 'eu.com', 'gb.net', 'jpn.com',
    'ru.com', 'sa.com', 'uk.com', 'uk.net', 'us.com', 'za.com', 'com.de', 'in.net'

function Test-RegistrySuffix {
    param([string]$Name)
    if ($Name -in $sharedEndings) { return $true }
    $labels = $Name.Split('.')
    if ($labels.Count -ne 2 -or $labels[1].Length -ne 2) { return $labels.Count -eq 1 }
    if ($labels[0] -in $registryLabels) { return $true }
    $registryLabelsOf.ContainsKey($labels[1]) -and $labels[0] -in $registryLabelsOf[$labels[1]].Split(' ')
}

# The registered name a domain belongs to: the longest ending that a registry hands out, and one label more.
function Get-OrganisationalDomain {
    param([Parameter(Position = 0)][string]$Name)
    $labels = $Name.Split('.')
    for ($start = 1; $start -lt $labels.Count; $start++) {
        if (Test-RegistrySuffix ($labels[$start..($labels.Count - 1)] -join '.')) { return $labels[($start - 1)..($labels.Count - 1)] -join '.' }
    }
    $Name
}
