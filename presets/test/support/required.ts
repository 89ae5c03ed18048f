/** Whether something a test needs is there. With `FLOWPORT_TEST_REQUIRE=all` its absence is a failure, not a skip. */
export function required(what: string, there: boolean): boolean {
  if (there || process.env['FLOWPORT_TEST_REQUIRE'] !== 'all') return there
  throw new Error(`${what} is required: FLOWPORT_TEST_REQUIRE=all`)
}
