// Express 4 is installed beside 5 for the tests of older hosts; what they use of it has the same types.
declare module 'express4' {
  import express from 'express'
  export default express
}
