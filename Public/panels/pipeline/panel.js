// The pipeline as a chain of cards; each card's form follows from the declaration of its node.
import { defineComponent, h, reactive, computed, watch, nextTick, onMounted, onBeforeUnmount } from '../../vendor/vue.runtime.js'
import { get, remove, at, all } from '../../api.js'
import { state, shell, here, on, notify, complain, currentJob, later } from '../../state.js'
import { boxOf } from '../../outbox.js'
import { useCommands } from '../../commands.js'
import { icon } from '../../icons.js'
import { button, iconButton, empty, loading, problem, progress } from '../../ui.js'
import { plural, count, duration, ago } from '../../lib/format.js'
import { order, nodeOf, slotOf, complaint, applies, valueOf, added, without, renamed, moved, about } from '../../lib/graph.js'
import { overview, picker, inputs, stakes } from './compose.js'
import { form } from './form.js'
import { preview, ruleText } from './preview.js'

const component = defineComponent(() => {
  const project = state.project
  const view = reactive({ graph: null, types: null, presets: [], error: null, errors: [], open: null, top: 255, adding: false, search: '', stakes: null, undone: [], done: [] })
  const P = path => at(project, path)
  const readOnly = () => !!state.project?.readOnly
  const box = boxOf(project)
  let timer, saved = null, pending = true  // saved: as last read or given to the outbox; pending: whether the server has it

  let reading = 0
  async function load() {
    const mine = ++reading
    try {
      const [graph, nodes] = await Promise.all([get(P('/graph')), get('/api/nodes')])
      if (mine !== reading) return
      view.types = Object.fromEntries(nodes.nodes.map(n => [n.kind, n]))
      // With what no server has taken yet.
      saved = JSON.stringify(box.queue.waiting.findLast(e => e.path === '/graph')?.body ?? { nodes: graph.nodes, edges: graph.edges })
      view.graph = JSON.parse(saved)
      if (view.open === null) view.open = (order(view.graph).find(n => /segment|threshold/.test(kindOf(n))) ?? null)
      view.error = null
    } catch (error) { view.error = error; if (error.offline) setTimeout(load, 1500); return }
    try { view.presets = (await get('/api/presets')).presets } catch { /* a pipeline without presets is one */ }
  }
  const kindOf = name => view.graph.nodes.find(n => n.name === name)?.kind ?? ''
  onMounted(load)

  const complaints = computed(() => !view.graph || !view.types ? [] : view.graph.nodes.flatMap(n => (view.types[n.kind]?.parameters ?? []).filter(p => applies(n,
    view.types[n.kind], p)).map(p => complaint(p, valueOf(n, p))).filter(Boolean)))
  // Steps that undo takes back; what is typed into one field in a row is one of them.
  let last = ''
  function keep(what) {
    if (!what || what !== last) { view.done.push(JSON.stringify(view.graph)); if (view.done.length > 200) view.done.shift() }
    last = what
    view.undone = []
  }
  function change(graph, open = view.open) { keep(); view.graph = graph; view.open = open; schedule() }
  function back(from, to) {
    if (!from.length) return
    to.push(JSON.stringify(view.graph))
    view.graph = JSON.parse(from.pop())
    last = ''
    schedule()
  }
  const undo = () => back(view.done, view.undone), redo = () => back(view.undone, view.done)
  function set(node, parameter, value) {
    keep(`${node.name} ${parameter.name}`)
    node.config = { ...node.config, [parameter.name]: value }
    schedule()
  }
  function add(kind) { view.adding = false; view.search = ''; change(...added(view.graph, view.types, kind)) }
  function rename(name, to) {
    if (to === name) return
    if (!/^[a-z0-9_-]{1,60}$/.test(to) || view.graph.nodes.some(n => n.name === to))
      return notify(`“${to}” cannot be the name: use 1 to 60 of a–z, 0–9, _ and -, and no name twice.`)
    change(renamed(view.graph, name, to), to)
  }
  function schedule() {
    shell.saved = { kind: 'working' }
    clearTimeout(timer)
    timer = setTimeout(save, 500)
  }
  async function save() {
    clearTimeout(timer)
    timer = null
    const text = JSON.stringify(view.graph)
    if (text === saved) { view.errors = []; shell.saved = { kind: 'saved' }; return pending }
    if (complaints.value.length) { shell.saved = { kind: 'offline', icon: 'warning', text: 'Not saved: a value is out of range' }; return false }
    return pending = store(saved, saved = text)
  }
  async function store(from, text) {
    try {
      const { held } = await box.saveGraph(JSON.parse(from), JSON.parse(text))
      if (held) { await load(); return false }
      if (saved === text) { view.errors = []; shell.saved = { kind: 'saved' } }
      return true
    } catch (error) {
      if (saved === text) saved = from
      view.errors = error.errors?.length ? error.errors : [error.message.replace('; change that and send the pipeline again', '')]
      shell.saved = { kind: 'offline', icon: 'warning', text: 'Not saved' }
      return false
    }
  }
  const end = () => { if (timer) save() }, ends = on('settled', e => { if (e.path === '/graph' && !timer) load() })
  addEventListener('pagehide', end)
  onBeforeUnmount(() => { end(); ends(); removeEventListener('pagehide', end); box.leave('/graph') })

  // The last run, or the one at work.
  const job = computed(() => state.jobs.find(j => j.type === 'run') ?? null)
  const running = computed(() => job.value && ['running', 'queued'].includes(job.value.state))
  async function run(edited) {
    const stored = save()
    try {
      const images = await get(P('/blobs?limit=1')).catch(error => { if (!error.offline) throw error })
      if (images?.images.length === 0) { notify('There is no image to run on yet.', { action: { label: 'Add images', run: () => { location.hash = here('images') } } }); return }
      await box.start({ type: 'run', edited: ['keep', 'replace'].includes(edited) ? edited : undefined }, stored)
    } catch (error) { if (error.code === 'run.editedObjects') view.stakes = error; else complain(error) }
  }
  const cancel = async () => { try { await remove(P(`/jobs/${job.value.id}`)) } catch (error) { complain(error) } }
  watch([running, readOnly], () => {
    shell.primary = readOnly() ? null : running.value ? { label: 'Cancel', icon: 'stop', run: cancel } : { label: 'Run', icon: 'play', run, command: 'pipeline.run' }
  }, { immediate: true })
  useCommands([{ id: 'pipeline.run', title: 'Run the pipeline', group: 'Pipeline', key: 'R', run: () => { if (!running.value) run() } },
    { id: 'pipeline.undo', title: 'Undo a change of the pipeline', group: 'Pipeline', key: 'Ctrl+Z', run: undo },
    { id: 'pipeline.redo', title: 'Redo it', group: 'Pipeline', key: 'Ctrl+Shift+Z', run: redo }])
  shell.status = () => [h('span', plural(state.project?.images ?? 0, 'image')), h('span', plural(state.project?.objects ?? 0, 'object'))]

  const applyPreset = preset => {
    change(JSON.parse(JSON.stringify({ nodes: preset.graph.nodes, edges: preset.graph.edges })))
    notify(`Pipeline “${preset.title}” is set.`, { action: { label: 'Undo', run: undo } })
  }
  const reset = node => {
    keep()
    node.config = {}
    schedule()
    notify(`${view.types[node.kind]?.title ?? node.name} is back to its defaults.`, { action: { label: 'Undo', run: undo } })
  }
  const drop = name => { const title = titleOf(name); change(without(view.graph, name), null); notify(`${title} is removed.`, { action: { label: 'Undo', run: undo } }) }

  const short = (node, type) => type.parameters.filter(p => applies(node, type, p) && node.config?.[p.name] !== undefined && node.config[p.name] !== p.default).map(p => {
    const v = valueOf(node, p), text = p.type === 'choice' ? p.choices?.find(c => c.value === v)?.label ?? v : p.type === 'boolean' ? (v ? 'on' : 'off') : v
    return p.type === 'text' ? p.label : `${p.label} ${text}${p.unit ? ' ' + p.unit : ''}`
  }).slice(0, 3).join(', ')

  // While it runs, how far each node is; afterwards, what came out of it.
  const tally = node => (running.value ? job.value.nodes : job.value?.result?.nodes)?.find(n => n.name === node.name)
  const results = t => [
    t.objects != null ? plural(t.objects, 'object') : null, t.rejects && Object.keys(t.rejects).length
      ? `${count(Object.values(t.rejects).reduce((a, b) => a + b, 0))} dropped` : null,
    t.framePixels ? `${+(100 * t.pixels / t.framePixels).toPrecision(3)} % of the pixels` : null,
    t.kept ? `kept on ${plural(t.kept, 'image')}` : null, t.columns ? `${count(t.columns)} values an object` : null, t.seconds
      ? duration(t.seconds) : null
  ].filter(Boolean).join(' · ')
  const card = (name, i) => {
    const node = view.graph.nodes.find(n => n.name === name), type = view.types[node.kind]
    const open = view.open === name, run = tally(node), wrong = about(view.errors, name)
    const targets = slot => view.graph.edges.filter(e => e.from === `${name}.${slot}`).map(e => titleOf(nodeOf(e.to)))
    return h('li', { class: ['node', { open }], key: name }, [
      h('button', { type: 'button', class: 'node-head', 'aria-expanded': String(open), onClick: () => { view.open = open ? null : name } }, [
        h('span', { class: 'node-number' }, i + 1),
        h('span', { class: 'node-title' }, [h('strong', type?.title ?? node.kind), h('span', { class: 'muted' }, open ? node.kind
          : (type && short(node, type)) || type?.help || '')]),
        run ? h('span', { class: 'muted number small' }, running.value ? `${count(run.done)} of ${count(job.value.total)}` : results(run)) : null,
        wrong.length ? h('span', { class: 'bad', title: wrong.join(' ') }, icon('warning', 16)) : null,
        icon(open ? 'down' : 'chevron', 16)
      ]),
      run && running.value ? progress(run.done, job.value.total, type?.title ?? name) : null,
      open ? h('div', { class: 'node-body' }, type ? [
        wrong.length ? h('ul', { class: 'bad small', role: 'alert' }, wrong.map(e => h('li', { key: e }, e))) : null,
        h('p', { class: 'help' }, type.help),
        type.parameters.length ? form(node, type, (p, v) => set(node, p, v), readOnly(), view.top) : h('p', { class: 'muted' }, 'Nothing to set here.'),
        h('div', { class: 'slots' }, [
          type.inputs.length ? inputs(view.graph, view.types, node, endText, g => change(g), readOnly()) : null,
          type.outputs.length ? h('div', type.outputs.map(s => h('span', { class: 'slot', title: s.help },
            [h('i', { class: 'out' }), s.name, h('span', { class: 'muted' }, targets(s.name).length ? ` to ${targets(s.name).join(', ')}` : '')]))) : null
        ]),
        readOnly() ? null : h('div', { class: 'row node-tools' }, [
          h('label', { class: 'with-unit' }, [h('span', { class: 'form-label' }, 'Name'),
            h('input', { value: name, spellcheck: false, onChange: e => { rename(name, e.target.value.trim()); e.target.value = view.open ?? name } })]),
          iconButton('chevron', 'Move up', () => change(moved(view.graph, name, -1)), { class: ['icon-button', 'up'], disabled: !moved(view.graph, name, -1) }),
          iconButton('down', 'Move down', () => change(moved(view.graph, name, 1)), { disabled: !moved(view.graph, name, 1) }),
          iconButton('trash', `Remove ${type.title}`, () => drop(name))
        ]),
        !readOnly() && type.parameters.some(p => (node.config?.[p.name] ?? p.default) !== p.default) ? button('Back to defaults', () => reset(node), { kind: 'quiet' }) : null
      ] : h('p', { class: 'bad' }, `This version of ship does not know nodes of kind ${node.kind}.`)) : null
    ])
  }
  const titleOf = name => {
    const title = view.types[kindOf(name)]?.title
    return !title ? name : view.graph.nodes.filter(n => view.types[n.kind]?.title === title).length > 1 ? `${title} (${name})` : title
  }
  const show = name => { view.open = name; nextTick(() => document.querySelector('.node.open')?.scrollIntoView({ block: 'nearest' })) }
  const endText = end => `${titleOf(nodeOf(end))}: ${slotOf(end)}`

  const outcome = () => {
    const j = job.value
    if (!j) return null
    const rejects = Object.entries(j.result?.rejects ?? {}).filter(([, n]) => n), images = j.result?.images ?? j.total
    return h('section', { class: ['outcome', j.state], 'aria-label': 'Last run' }, running.value ? [
      h('div', { class: 'row between' }, [h('strong', j.state === 'queued' ? 'Waiting to run' : `Running, ${j.total ? Math.round(100 * j.done / j.total) : 0} %`),
        h('span', { class: 'muted number' }, [`${count(j.done)} of ${plural(j.total, 'image')}`, j.etaSeconds > 1 ? `, ${duration(j.etaSeconds)} left` : ''])]),
      progress(j.done, j.total, 'Run'), j.message ? h('p', { class: 'muted small' }, j.message) : null
    ] : [
      h('div', { class: 'row between' }, [h('strong', j.state === 'done' ? 'Last run' : j.state === 'cancelled' ? 'Last run was cancelled' : 'Last run failed'),
        h('span', { class: 'muted' }, ago(j.finishedAt))]),
      j.state === 'failed' ? h('p', { class: 'bad' }, j.error) : null,
      j.result ? h('div', { class: 'figures' }, [
        h('div', [h('b', count(j.result.objects ?? 0)), h('span', 'objects')]), h('div', [h('b', count(images ?? 0)), h('span', 'images')]),
        ...rejects.map(([rule, n]) => h('div', { class: 'reject' }, [h('b', count(n)), h('span', ruleText(rule))])), j.result.failed
          ? h('div', { class: 'bad' }, [h('b', count(j.result.failed)), h('span', 'failed')]) : null
      ]) : null,
      h('p', { class: 'muted small' }, [j.result?.summary, ...[...j.result?.warnings ?? [], ...(j.result?.failures ?? []).map(f => `${f.name}: ${f.reason}`)].slice(0, 5).map(t => [h('br'), t])])
    ])
  }

  return () => h('div', { class: 'pipeline' }, [
    h('div', { class: 'page chain' }, [
      h('header', { class: 'page-head' }, [h('h1', 'Pipeline'), h('div', { class: 'spring' }),
        readOnly() ? null : [iconButton('undo', 'Undo', undo, { command: 'pipeline.undo', disabled: !view.done.length }),
          iconButton('redo', 'Redo', redo, { command: 'pipeline.redo', disabled: !view.undone.length }),
          button('Add a step', () => { view.adding = !view.adding }, { iconName: 'plus', 'aria-expanded': String(view.adding) })],
        view.presets.length && !readOnly()
          ? h('select', { 'aria-label': 'Take a preset', onChange: e => { const p = view.presets[e.target.selectedIndex - 1]; e.target.selectedIndex = 0; if (p) applyPreset(p) } },
            [h('option', 'Presets…'), ...view.presets.map(p => h('option', { title: p.help }, p.title))]) : null]),
      view.error ? problem(view.error, load) : view.graph ? null : loading('Reading the pipeline…'),
      outcome(),
      view.errors.length ? problem({ message: 'The pipeline was not saved:', errors: view.errors }, save) : null,
      view.adding && view.types ? picker(view.types, view, add) : null,
      view.graph?.nodes.length && view.types ? overview(view.graph, view.errors, titleOf, view.open, show) : null,
      view.graph && view.types ? (view.graph.nodes.length ? h('ol', { class: 'nodes' }, order(view.graph).map(card))
        : empty('pipeline', 'No steps yet', 'Take a preset to begin, or add steps.')) : null,
      view.stakes ? stakes(view.stakes, what => { view.stakes = null; if (what) run(what) }) : null
    ]),
    view.graph && view.types ? h(preview, {
      project, graph: view.graph, valid: !complaints.value.length && !view.errors.length, onImage: i => { view.top = 2 ** i.bits - 1 }
    }) : null
  ])
})

export default { id: 'pipeline', title: 'Pipeline', icon: 'pipeline', tab: true, component }
