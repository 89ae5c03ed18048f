/**
 * Returns whether a test's requirement is present. With `FLOWPORT_TEST_REQUIRE=all`, throws if it is absent, so nothing is
 * skipped.
 */
export function required(what: string, there: boolean): boolean {
  if (there || process.env['FLOWPORT_TEST_REQUIRE'] !== 'all') return there
  throw new Error(`${what} is required: FLOWPORT_TEST_REQUIRE=all`)
}
