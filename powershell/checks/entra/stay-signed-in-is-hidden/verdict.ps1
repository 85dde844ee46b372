param($Evidence, $Context)
# Graph's company branding has no field for this option, and the portal's own endpoint is undocumented.
New-Verdict manual 'No API shows whether users are offered to stay signed in; look in the Microsoft Entra admin center.' @() -ReasonCode no_api
