param($Evidence, $Context)
Get-SharePointPeriodVerdict $Evidence -Switch 'EmailAttestationRequired' -Days 'EmailAttestationReAuthDays' -AtMost 15 `
    -Pass 'Guests who use a verification code have to prove themselves again after {0}.' `
    -Off 'Guests who use a verification code never have to prove themselves again.' `
    -TooLong 'Guests who use a verification code have to prove themselves again only after {0}.'
