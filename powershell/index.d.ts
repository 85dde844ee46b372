/** Absolute path of the folder that holds Start-Checks.ps1, engine/, sources/, checks/ and benchmarks/. Ends with a path separator. */
export declare const powershellRoot: string
