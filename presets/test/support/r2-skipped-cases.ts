/** Conformance cases with keys that R2 does not keep apart, each with the reason. `cloudflare-r2-keys.test.ts` tries their other keys. */

const decomposed =
  'R2 takes composed and decomposed characters for the same key, so the driver refuses what is not composed'

export const r2SkippedCases: Readonly<Record<string, string>> = {
  'awkward keys are kept apart': decomposed,
  'awkward segments within a path are kept apart': decomposed,
  'composed and decomposed characters are different keys': decomposed,
  'a prefix selects exactly the keys that start with it, within a segment too': decomposed,
}
