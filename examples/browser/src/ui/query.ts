/** The SQL editor, with the last query's result as a table and a chart. */
import type { DbResult } from '@flowport/capabilities'
import { createChart } from './chart.ts'
import { h, messageOf } from './dom.ts'
import { tableOf } from './table.ts'

export interface QueryPane {
  readonly element: HTMLElement
  /** Puts SQL into the editor and runs it. */
  run(sql: string): Promise<void>
}

export interface QueryActions {
  query(sql: string, signal: AbortSignal): Promise<DbResult>
  /** Called after each query, which may have written files. */
  done(): void
}

export function createQuery(actions: QueryActions): QueryPane {
  const editor = h('textarea', {
    class: 'sql',
    spellcheck: false,
    rows: 6,
    placeholder: "SELECT * FROM 'opfs://data/sample.csv' LIMIT 100",
    aria: { label: 'SQL' },
  })
  const runButton = h('button', { class: 'primary' }, 'Run')
  const stopButton = h('button', { class: 'plain', hidden: true }, 'Stop')
  const state = h('span', { class: 'quiet', role: 'status', data: { test: 'query-state' } })
  const chart = createChart()
  const result = h('div', { class: 'result' })
  let stop: AbortController | undefined
  /** Whether a query has succeeded, so the engine is loaded. */
  let ready = false

  const run = async () => {
    const sql = editor.value.trim()
    if (sql === '' || stop !== undefined) return
    stop = new AbortController()
    runButton.disabled = true
    stopButton.hidden = false
    state.textContent = ready ? 'running…' : 'starting the SQL engine…'
    state.classList.remove('bad')
    const started = performance.now()
    try {
      const answer = await actions.query(sql, stop.signal)
      const took = ((performance.now() - started) / 1000).toFixed(2)
      ready = true
      state.textContent = `${answer.rows.length.toLocaleString('en')} rows in ${took} s`
      result.replaceChildren(tableOf(answer))
      chart.show(answer)
    } catch (error) {
      state.textContent = messageOf(error)
      state.classList.add('bad')
      result.replaceChildren()
      chart.clear()
    } finally {
      stop = undefined
      runButton.disabled = false
      stopButton.hidden = true
      actions.done()
    }
  }
  runButton.addEventListener('click', () => void run())
  stopButton.addEventListener('click', () => stop?.abort())
  editor.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run()
  })
  return {
    element: h(
      'section',
      { class: 'pane query', aria: { label: 'Query' } },
      h('h2', {}, 'SQL'),
      editor,
      h('div', { class: 'bar' }, runButton, stopButton, h('kbd', {}, 'Ctrl Enter'), state),
      chart.element,
      result,
    ),
    run(sql) {
      editor.value = sql
      return run()
    },
  }
}
