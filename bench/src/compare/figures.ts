/** The figures of a printed report, by name. Commits of any age print the same Markdown, so that it is what is read. */

export interface Figure {
  /** `<table> › <row> › <column>`. */
  readonly name: string
  readonly value: number
  /** As in the column's title; empty for a ratio. */
  readonly unit: string
  /** Which direction is good; `undefined` for a figure that is shown and not judged. */
  readonly better: 'higher' | 'lower' | undefined
}

/**
 * All figures of the report's tables. Aims and notes have none. In a table with rows of Flowport's, the rows of other
 * products are shown and not judged.
 */
export function figuresOf(markdown: string): Figure[] {
  const rows: Row[] = []
  let table = ''
  let columns: readonly Column[] | undefined
  for (const line of markdown.split('\n')) {
    const title = /^#{1,4} (.*)$/.exec(line)?.[1]
    if (title !== undefined) table = title
    const cells = cellsOf(line)
    if (cells === undefined) columns = undefined
    else if (columns === undefined) columns = table === 'Aims' ? [] : columnsOf(cells.slice(1))
    else
      rows.push({
        table,
        isOurs: /flowport/i.test(cells[0] ?? ''),
        figures: figuresOfRow(table, cells, columns),
      })
  }
  const withOurs = new Set(rows.filter(({ isOurs }) => isOurs).map((row) => row.table))
  return rows.flatMap(({ table: title, isOurs, figures }) =>
    isOurs || !withOurs.has(title) ? figures : figures.map((figure) => ({ ...figure, better: undefined })),
  )
}

interface Row {
  readonly table: string
  readonly isOurs: boolean
  readonly figures: readonly Figure[]
}

interface Column extends Pick<Figure, 'unit' | 'better'> {
  readonly name: string
}

function figuresOfRow(table: string, [row = '', ...cells]: readonly string[], columns: readonly Column[]) {
  return cells.flatMap((cell, at) => {
    const number = /^\**(-?[\d,]+(?:\.\d+)?)/.exec(cell)?.[1]
    const column = columns[at]
    if (number === undefined || column === undefined) return []
    const { name, unit, better } = column
    return [{ name: `${table} › ${row} › ${name}`, value: Number(number.replaceAll(',', '')), unit, better }]
  })
}

/** The cells of a table's line; `undefined` for other lines. The rule below a header is a row without numbers. */
function cellsOf(line: string): string[] | undefined {
  if (!line.startsWith('| ') || !line.endsWith(' |')) return undefined
  return line
    .slice(2, -2)
    .split(' | ')
    .map((cell) => cell.trim())
}

/** A ratio belongs to the column before it, and is good in the same direction. That column itself is shown, not judged. */
function columnsOf(titles: readonly string[]): Column[] {
  const columns: Column[] = []
  for (const [at, title] of titles.entries()) {
    const before = columns.at(-1)
    const bare = title.replace(' [min–max]', '')
    const repeated = titles.slice(0, at).filter((other) => other === title).length
    const count = repeated === 0 ? '' : ` (${repeated + 1})`
    if (isRatio(bare)) {
      const better = bare.includes('SDK') ? 'higher' : before?.better
      columns.push({ name: `${bare} of ${before?.name ?? ''}`, unit: '', better })
    } else {
      columns.push({ name: bare + count, unit: unitOf(bare), better: directionOf(bare) })
    }
  }
  return columns.map((column, at) =>
    isRatio(titles[at + 1] ?? '') ? { ...column, better: undefined } : column,
  )
}

function isRatio(title: string): boolean {
  return title === '×' || title === 'CPU ×' || title === '× the SDK' || title.startsWith('÷ ')
}

function unitOf(title: string): string {
  return /(?:requests|[KM]iB)\/s|per second|[mµn]s(?:\/request| each)?|[KM]iB|\bs$/.exec(title)?.[0] ?? ''
}

/** Rates are good when they are high; times and sizes when they are low. Differences to a reference come near zero. */
function directionOf(title: string): Figure['better'] {
  if (/above|over the reference/.test(title)) return undefined
  const unit = unitOf(title)
  if (unit === '') return undefined
  return /\/s$|per second/.test(unit) ? 'higher' : 'lower'
}
