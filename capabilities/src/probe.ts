/** Measures a live store against what it claims. */
export {}
