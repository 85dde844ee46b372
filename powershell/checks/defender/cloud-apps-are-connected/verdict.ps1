param($Evidence, $Context)
# App connectors, the integration of Defender for Endpoint and file monitoring are in no supported API. Nothing is read,
# so nothing is judged: a person has to look.
New-Verdict manual 'No API shows whether Defender for Cloud Apps is connected and scans files; look in the Microsoft Defender portal.' @() -ReasonCode no_api
