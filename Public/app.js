// The frame around every screen: top bar, screen, status bar, notices, sheet of keys.
import { createApp, defineComponent, h, ref, reactive, computed, watch, nextTick, onMounted, onBeforeUnmount } from './vendor/vue.runtime.js'
import { state, shell, clearShell, begin, signIn, editsWaiting, link, here, go, isDark, switchTheme, currentJob, jobTitle, dismiss, reloadProject } from './state.js'
import { commands, useCommands, rebind, resetKeys } from './commands.js'
import { icon, mark } from './icons.js'
import { button, iconButton, kbd, loading, progress, problem } from './ui.js'
import { duration, plural } from './lib/format.js'
import { keyText, keyLabel } from './lib/keys.js'
import { tokenIn } from './lib/location.js'
import { panels } from './panels/index.js'
import { left } from './selection.js'
import { boxOf, boxes } from './outbox.js'

const panelOf = id => panels.find(p => p.id === id) ?? panels[0]

const TopBar = defineComponent(() => () => {
  const { place, project, session } = state
  const panel = panelOf(place.panel)
  const job = project ? currentJob() : null
  const percent = job?.total ? Math.round(100 * job.done / job.total) : null
  return h('header', { class: 'top' }, [
    h('a', { class: 'brand', href: '#/', 'aria-label': 'ship, all projects' }, [mark(), h('span', 'ship')]),
    place.project ? h('nav', { class: 'crumbs', 'aria-label': 'Where you are' }, [
      h('span', { class: 'muted hide-narrow' }, place.user), h('span', { class: 'slash hide-narrow' }, '/'),
      h('a', { href: link({ ...place, panel: 'images', item: null, query: null }), title: project?.title }, project?.title ?? place.project),
      shell.crumb ? [h('span', { class: 'slash' }, '/'), h('span', { class: 'last', title: shell.crumb, 'aria-current': 'page' }, shell.crumb)] : null
    ]) : null,
    place.project ? h('nav', { class: 'tabs', 'aria-label': 'Screens of the project' }, panels.filter(p => p.tab).map(p => h('a', {
      href: link({ user: place.user, project: place.project, panel: p.id }), 'aria-current': p.id === panel.id || (p.id === 'images' && panel.id === 'view') ? 'page' : undefined,
        title: p.title
    }, [icon(p.icon, 16), h('span', p.title)]))) : null,
    h('div', { class: 'spring' }),
    job ? h('a', { class: 'job-progress', href: link({ ...place, panel: 'jobs', item: null, query: null }), title: 'Open Jobs' }, [
      h('span', [
        job.state === 'queued' ? `${jobTitle(job)} waits` : job.state === 'paused' ? `${jobTitle(job)} is paused` : `${jobTitle(job)}${percent == null ? '' : ` ${percent} %`}`,
        job.etaSeconds > 1 ? h('span', { class: 'muted hide-narrow' }, `, ${duration(job.etaSeconds)} left`) : null
      ]),
      progress(job.done, job.total, jobTitle(job))
    ]) : null,
    !state.online && session ? h('span', { class: 'badge failed' }, [icon('offline', 14), 'Offline']) : null,
    shell.undo ? iconButton('undo', 'Undo', shell.undo.run, { command: 'undo', disabled: shell.undo.disabled }) : null,
    shell.redo ? iconButton('redo', 'Redo', shell.redo.run, { command: 'redo', disabled: shell.redo.disabled }) : null,
    iconButton(isDark() ? 'sun' : 'moon', isDark() ? 'Light colours' : 'Dark colours', switchTheme, { command: 'theme' }),
    iconButton('help', 'Keys and help', () => { state.sheet = !state.sheet }, { command: 'help' }),
    shell.primary ? button(shell.primary.label, shell.primary.run, { kind: 'primary', iconName: shell.primary.icon, disabled: shell.primary.disabled,
      command: shell.primary.command, title: shell.primary.title }) : null
  ])
})

const savedText = {
  saved: ['check', 'Saved'], working: ['clock', 'Saving…']
}
const saved = () => {
  if (state.project) boxOf(state.project)
  const all = [...boxes.values()].map(b => b.now), sum = name => all.reduce((n, b) => n + b[name], 0), waiting = sum('waiting'), held = sum('held')
  return waiting ? all.some(b => b.offline) ? { kind: 'offline', icon: 'offline', text: (all.find(b => b.why) ? `${plural(waiting, 'change')} waiting: ${all.find(b => b.why).why}` : `Offline, ${plural(waiting, 'change')} waiting`)
    + (all.some(b => b.unkept) ? '. This browser cannot keep them: leave this tab open' : '') } : { kind: 'working' }
    : held ? { kind: 'offline', icon: 'warning', text: `${plural(held, 'change')} not saved: your decision` } : state.project?.readOnly ? null : shell.saved
}

/** What a change that is held back waits for; one after the other, until it is decided. */
const decisions = computed(() => [...boxes.values()].flatMap(box => box.now.list.filter(e => !e.faults || e.body.level !== box.now.table)
  .map(e => ({ box, e }))))
function decision() {
  const list = decisions.value
  if (!list.length) return null
  const { box, e } = list[0], n = Object.keys(e.current).length
  const [text, yes, no] = e.faults ? [`Not stored: ${e.body.changes.slice(0, 3).map(c => `${c.key} “${c.value}”: ${e.faults[`${c.id}\n${c.key}`]}`).join('. ')}. ${
    e.body.changes.length > 3 ? `${e.body.changes.length - 3} more. ` : ''}`, 'Show in the table', 'Discard']
    : e.error ? [`Not saved: ${e.what}. ${e.error}`, 'Try again', 'Discard'] : [`${e.what}: ${e.total > 1 ? `${n} of ${e.total} were` : 'this was'} changed elsewhere meanwhile${e.theirs ? ` (${e.theirs}${n > 3 ? ', …' : ''})` : ''}.`,
    'Put mine', 'Keep theirs']
  return h('div', { class: 'notice error', key: e.key }, [icon('warning', 18), h('span', [text, list.length > 1 ? ` ${list.length - 1} more after this.` : '']),
    button(no, () => box.decide(e), { kind: 'quiet' }), button(yes, () => e.faults ? go({ ...box.project, panel: 'images', query: { table: e.body.level } })
      : box.decide(e, true), { kind: 'quiet' })])
}
const StatusBar = defineComponent(() => () => h('footer', { class: 'status' }, [
  shell.status ? shell.status() : h('span', { class: 'muted' }, state.session ? `ship ${state.session.version ?? ''}` : ''),
  h('div', { class: 'spring' }),
  state.project?.readOnly ? h('span', { class: 'muted' }, 'Read-only: changes are off') : null,
  [saved()].map(s => h('span', { class: ['saved', s?.kind], role: 'status' }, s ? [icon(s.icon ?? savedText[s.kind]?.[0] ?? 'info', 14), s.text ?? savedText[s.kind]?.[1]] : '')),
  h('a', { href: '#/about', class: 'muted' }, 'About')
]))

const Notices = defineComponent(() => {
  const bottom = ref(0), holds = on => () => { state.noticesHeld = on }
  /** Above whatever bar stands at the foot of the screen. */
  const place = () => {
    const bars = [...document.querySelectorAll('[data-foot]')].map(bar => bar.getBoundingClientRect().top).filter(top => top > innerHeight / 2)
    bottom.value = innerHeight - Math.min(innerHeight - 28, ...bars) + 12
  }
  let timer
  watch(() => state.notices.length + decisions.value.length > 0, some => { clearInterval(timer); if (some) { place(); timer = setInterval(place, 100) } })
  return () => h('div', {
    class: 'notices', role: 'status', 'aria-live': 'polite', style: { bottom: bottom.value + 'px' },
    onPointerenter: holds(true), onPointerleave: holds(false), onFocusin: holds(true), onFocusout: holds(false)
  }, [decision(), ...state.notices.map(n => h('div', { class: ['notice', n.kind], key: n.id }, [
    icon(n.kind === 'error' ? 'error' : n.kind === 'done' ? 'check' : 'info', 18), h('span', n.text),
    n.action ? button(n.action.label, () => { dismiss(n.id); n.action.run() }, { kind: 'quiet' }) : null,
    iconButton('close', 'Dismiss', () => dismiss(n.id), { size: 14, command: 'dismiss' })
  ]))])
})

/** All commands with their keys; a click on a key takes the next press as the new one. */
const Sheet = defineComponent(() => {
  const waiting = ref(null), warning = ref(''), dialog = ref(null)
  watch(dialog, d => { if (d && !d.open) d.showModal() })
  const close = () => { state.sheet = false }
  const groups = computed(() => {
    const result = new Map()
    for (const c of commands) if (!c.quiet) result.set(c.group, [...result.get(c.group) ?? [], c])
    return result
  })
  const press = event => {
    if (!waiting.value) return
    event.preventDefault()
    event.stopPropagation()
    if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return
    const taken = rebind(waiting.value, keyText(event))
    warning.value = taken.length ? `${keyLabel(keyText(event))} already means “${taken[0].title}”. Press another key, or Esc in an empty field to keep the old one.` : ''
    if (!taken.length || event.key === 'Escape') waiting.value = null
  }
  return () => state.sheet ? h('dialog', { ref: dialog, class: 'sheet', 'aria-labelledby': 'sheet-title', onClose: close, onKeydown: press,
    onClick: e => { if (e.target === dialog.value) close() } }, h('div', { class: 'sheet-body' }, [
    h('header', [h('h1', { id: 'sheet-title' }, 'Keys'), h('p', { class: 'muted' }, 'Click a key to change it.'), h('div', { class: 'spring' }),
      button('Reset all', () => { resetKeys(); warning.value = '' }, { kind: 'quiet' }), iconButton('close', 'Close', close, { autofocus: true })]),
    warning.value ? h('p', { class: 'problem', role: 'alert' }, [icon('warning', 18), warning.value]) : null,
    h('div', { class: 'sheet-groups' }, [...groups.value].map(([name, list]) => h('section', [h('h2', name), h('dl', list.map(c => h('div', [
      h('dt', c.title),
      h('dd', c.fixed ? kbd(c.key) : h('button', { type: 'button', class: ['keys', { waiting: waiting.value === c.id }],
        'aria-label': `Key for ${c.title}: ${keyLabel(c.key)}. Change`, onClick: () => { waiting.value = c.id; warning.value = '' } },
        waiting.value === c.id ? 'press a key' : c.key ? kbd(c.key) : '–'))
    ])))])))
  ])) : null
})

const SignIn = defineComponent(() => {
  const text = ref(''), error = ref(null)
  const submit = async event => {
    event.preventDefault()
    try { await signIn(tokenIn(text.value.slice(text.value.indexOf('#'))) ?? text.value.trim()) } catch (e) { error.value = e }
  }
  // Another tab may have been let in meanwhile.
  for (const type of ['storage', 'focus']) {
    onMounted(() => addEventListener(type, begin))
    onBeforeUnmount(() => removeEventListener(type, begin))
  }
  return () => h('main', { class: 'sign-in' }, h('form', { onSubmit: submit }, [
    h('div', { class: 'brand' }, [mark(), h('h1', 'ship')]),
    h('p', 'This browser has no key to this server yet. Open the address that ship printed where it was started, or paste that address here.'),
    editsWaiting() ? h('p', { class: 'good' }, [icon('clock', 16), `${plural(editsWaiting(), 'change')} kept in this browser will be saved as soon as it is open again.`]) : null,
    h('label', { class: 'field' }, [h('span', 'Printed address or token'), h('input', { value: text.value, onInput: e => { text.value = e.target.value }, autocomplete: 'off',
      spellcheck: 'false', placeholder: `${location.origin}/#token=…` })]),
    error.value ? h('p', { class: 'problem', role: 'alert' }, [icon('error', 18), error.value.status === 401 || error.value.status === 403
      ? 'This token is not, or no longer, valid: a token works once. Start ship again for a new one.' : error.value.message]) : null,
    button('Open', null, { kind: 'primary', type: 'submit', disabled: !text.value.trim() })
  ]))
})

const App = defineComponent(() => {
  const main = ref(null)
  useCommands([
    { id: 'help', title: 'This sheet of keys', group: 'Everywhere', key: '?', run: () => { state.sheet = !state.sheet } },
    { id: 'theme', title: 'Light or dark', group: 'Everywhere', key: 'Ctrl+Shift+L', run: switchTheme },
    { id: 'gallery', title: 'Gallery', group: 'Everywhere', key: 'G', run: () => { if (!state.project || state.place.panel === 'gallery') return false;
      go({ ...state.place, panel: 'gallery', item: null, query: left.query }) } },
    { id: 'dismiss', title: 'Dismiss the messages', group: 'Everywhere', key: 'Shift+Escape', run: () => { dismiss() } },
    { id: 'main', title: 'To the content of the screen', group: 'Everywhere', key: 'F6', run: () => main.value?.querySelector('[tabindex="0"], a, button, input')?.focus() }
  ])
  // By what names a screen: another view of the same screen keeps its frame.
  watch(() => here(state.place.panel, state.place.item), () => { clearShell() }, { flush: 'pre' })
  /** How far the running job is, in whole per cent, so that a page in the background tells by its title. */
  const share = computed(() => { const job = state.project ? currentJob() : null; return job?.state === 'running' && job.total ? `${Math.floor(100 * job.done / job.total)} %` : null })
  watch(() => [state.place.panel, state.place.project, state.project?.title, shell.crumb, share.value], () => {
    const panel = panelOf(state.place.panel)
    document.title = [share.value, shell.crumb, state.place.project && panel.id !== 'view' ? panel.title : null, state.project?.title, 'ship'].filter(Boolean).join(' · ')
  }, { immediate: true })
  return () => {
    if (state.session === null) return h('main', { class: 'sign-in' }, state.online ? null
      : problem({ offline: true, message: 'The server does not answer. Start it with `ship serve`; this page connects by itself.' }))
    if (state.session === false) return h(SignIn)
    const panel = panelOf(state.place.panel)
    const needsProject = panel.tab || panel.id === 'view'
    const note = !needsProject || !state.project || panel.id === 'view' ? null
      : !state.online ? ['offline', 'The server does not answer. What you see is as it was; nothing is lost, and this page goes on by itself when ship runs again.']
        : state.project.readOnly ? ['info',
          'This project can only be read: its folder or disk cannot be written. Copy the folder to a disk of your own to run, edit or export.'] : null
    const body = !needsProject ? h(panel.component)
      : state.projectError ? h('div', { class: 'page' }, state.projectError.status === 404
        ? h('div', { class: 'empty' }, [icon('folder', 40), h('h1', 'No such project'), h('p',
          `There is no project “${state.place.user}/${state.place.project}” here, or it is in the trash.`), h('a', { class: 'button', href: '#/' }, 'All projects')])
        : problem(state.projectError, reloadProject))
      : !state.project ? loading('Opening the project…') : h(panel.component, { key: `${state.place.user}/${state.place.project}/${panel.id}/${state.place.item ?? ''}` })
    return [
      h('a', { class: 'skip', href: '#main', onClick: e => { e.preventDefault(); main.value?.focus() } }, 'To the content'),
      h(TopBar), h('main', { id: 'main', ref: main, tabindex: -1, class: 'screen' }, [note
        ? h('p', { class: ['state-note', note[0]], role: 'status' }, [icon(note[0], 16), note[1]]) : null, body]), h(StatusBar), h(Notices), h(Sheet)
    ]
  }
})

createApp(App).mount('#app')
begin()
