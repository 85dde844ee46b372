param($Evidence, $Context)
# No supported API holds this setting, and the portal's own endpoint is undocumented and wants a signed-in person.
# Nothing is read, so nothing is judged: a person has to look.
New-Verdict manual 'No API shows whether sways can be shared outside the organisation; look in the Microsoft 365 admin center.' @() -ReasonCode no_api
