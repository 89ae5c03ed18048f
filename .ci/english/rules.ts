/** Habits of sentences that a reader has to decode, each with what to write instead. */

export interface Rule {
  readonly name: string
  readonly pattern: RegExp
  /** What to write instead. */
  readonly advice: string
}

/** Each hit fails the check. A rule may be narrowed when it hits good English; the sentence then goes into the test. */
export const errors: readonly Rule[] = [
  {
    name: 'that-of',
    pattern: /\b(?:that|those|these) of\b(?! (?:course|which|whom))/i,
    advice: 'repeat the noun',
  },
  {
    name: 'that-of-start',
    pattern: /(?:^|[.:;(] )(?:Those|That) (?:that|which|of|who|with|without|in|on|under|for)\b/,
    advice: 'start with the noun',
  },
  {
    name: 'is-none',
    pattern:
      /\b(?:is|are|was|were|be|has|have) (?:it )?none\b(?! of (?:the|its|their|these|them|us|your|our)\b)/i,
    advice: 'write "no X exists" or "is absent"',
  },
  {
    name: 'none-of',
    pattern: /\bnone (?:of (?:[a-z]+'s|it|this|that|those)|here|there)\b/i,
    advice: 'name what is missing',
  },
  {
    name: 'nobodys',
    pattern: /\bnobody's\b|\bby nobody\b|\bnobody (?:can tell|is told|foresaw)\b/i,
    advice: 'name the process or the caller',
  },
  {
    name: 'told',
    pattern:
      /\b(?:is|are|was|were|be|been|being|it|one) told\b|\btold (?:apart|by|of|from|as|in|so|what|where|which|how)\b|\btells? (?:it|what|which|where|how|of|nothing|nobody|so|no|its|apart|from|them)\b|\bretold\b/i,
    advice: 'write reports, names, returns or receives',
  },
  {
    name: 'what-subject',
    pattern:
      /(?:^(?:#+ )?(?:\d+ )?|[.;:] )What (?!if\b|happens\b|(?:it|this|that) does\b|you\b|we\b)(?:[a-z'`]+ ){0,5}(?:is|are|was|were|has|have|goes|comes|stays|ends|needs|must|may|cannot)\b/,
    advice: 'name the subject',
  },
  {
    name: 'who-comes',
    pattern:
      /\bwho(?:ever)? (?:comes?|asks?|reads?|waits?|wants?|has|holds?|is|gets?|calls?|speaks?|knows?|cannot|needs?|looks?|sends?|writes?|writ|puts?|else)\b/i,
    advice: 'name the caller',
  },
  {
    name: 'but-for',
    pattern: /\bbut for\b|\bbut (?:of|in|with|by|to|at) (?:what|which|those|that)\b/i,
    advice: 'write "except"',
  },
  {
    name: 'the-other-way',
    pattern: /\b(?:the other way round|one way or the other|in its place|in their place)\b/i,
    advice: 'write "instead" or "and back"',
  },
  {
    name: 'it-is-of',
    pattern:
      /\b(?:is|are) of (?!course|type|the form|no |interest|use|kind|length|size|order|order\b|this form)[a-z]+\b/i,
    advice: 'write "belongs to" or "applies to"',
  },
  {
    name: 'inversion',
    pattern:
      /(?:^|[.;] )(?:Nor|Neither|Only then|Here|There|So) (?:is|are|does|do|has|was|were|goes|comes)\b/,
    advice: 'use plain word order',
  },
]

/** Much good English is among their hits: they warn. */
export const warnings: readonly Rule[] = [
  {
    name: 'nobody',
    pattern:
      /\b(?:for|that|what|which) nobody\b|\bnobody (?:waits|asks|asked|reads|sees|else|starts|uses|listens)\b|\bno one's\b|\bsomebody's?\b/i,
    advice: 'name the caller, the reader or the process',
  },
  {
    name: 'said',
    pattern:
      /\b(?:is|are|was|were|be) said\b|\bsays? (?:so|nothing|no|of|what|where|which|how)\b|\bto say\b|\ba word\b/i,
    advice: 'write states or reports',
  },
  {
    name: 'what-verb',
    pattern:
      /(?:^|[.;:,(—] ?|\b(?:of|for|to|by|as|is|than|from|with|and|but|without|on) )what (?:is|was|are|were|it|they|comes?|came|speaks?|stands?|goes|holds?|has|have|had|needs?|follows?|happens?|makes?|does|cannot|can|must|may|fits?|ends?|begins?|belongs?|lets?|keeps?|takes?|gives?|gets?|runs?|wants?|remains?|breaks?|differs?|others?|another|a|the|one|no|each|every)\b/i,
    advice: 'name the thing',
  },
  { name: 'whatever', pattern: /\bwhat(?:ever|soever)\b/i, advice: 'write "any X" or "regardless of X"' },
  {
    name: 'once-colon',
    pattern: /\bonce(?: only)?[:;]|\bat once\b/i,
    advice: 'write "one time", "immediately" or "concurrently"',
  },
  {
    name: 'for-what',
    pattern: /\b(?:for|of|with|without|by|about|in|into|than|from|to) (?:what|whom)\b/i,
    advice: 'name the thing',
  },
  {
    name: 'of-its-own',
    pattern: /\b(?:of (?:its|their|his|one's) own|of ours|of theirs)\b/i,
    advice: 'write "its own X" or "separate"',
  },
  {
    name: 'by-itself',
    pattern: /\bby (?:itself|themselves)\b|\bof itself\b/i,
    advice: 'write "alone" or "automatically"',
  },
  {
    name: 'as-far',
    pattern: /\b(?:as|so) far as\b(?! (?:I|we)\b)/i,
    advice: 'write "if" or "to the extent"',
  },
  {
    name: 'is-to',
    pattern: /\b(?:is|are|was|were) to (?:be|have|come|go|stay|hold|tell|say|do)\b/i,
    advice: 'write "must" or "will"',
  },
  {
    name: 'beside',
    pattern: /\bbeside(?:s)? (?:it|them|the|this|one|each|that|those)\b/i,
    advice: 'write "next to" or "in addition to"',
  },
  {
    name: 'such',
    pattern: /\b(?:no|any|one|some|with|each) such\b|\bsuch (?:a )?one\b|\bas such\b/i,
    advice: 'name it',
  },
  {
    name: 'where-there',
    pattern: /\bwhere (?:there (?:is|are)|it has|they have|none|one)\b/i,
    advice: 'write "if"',
  },
  {
    name: 'stands-for',
    pattern: /\bstands? (?:for|in|there|alone|beside|behind|before|at|on)\b/i,
    advice: 'write "means" or "is"',
  },
  { name: 'elsewhere', pattern: /\b(?:nowhere|anywhere) else\b|\belsewhere\b/i, advice: 'name the place' },
]

/** Phrases that are good English and that a rule would hit. They are taken out of a sentence before the rules see it. */
export const allowed: readonly RegExp[] = [
  /\b(?:when|where|if) there (?:is|are) none\b/i,
  /\btold to \w+\b/i,
  /\b(?:tell|tells|told)(?: \w+){0,3} apart\b/i,
  /\bsay(?:s)? (?:yes|no) to\b/i,
  /\bthat is to say\b/i,
  /\ba life of its own\b/i,
  /\bone of (?:these|those)\b/i,
  /\bof course\b/i,
  /\btell(?:s|ing)? you\b/i,
]
