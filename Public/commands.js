// Every command: its name, its key (which the user may change), and what it does. One listener for all keys.
import { reactive, onMounted, onBeforeUnmount } from './vendor/vue.runtime.js'
import { keyText, keyLabel, conflicts } from './lib/keys.js'
import { memory } from './state.js'

const own = memory.load('keys', {})
export const commands = reactive([])

/** Registers commands { id, title, group, key, run, scope?, hold?, quiet? } while the calling component is on the page. `hold` gets true at press and false at release. */
export function useCommands(list) {
  onMounted(() => { for (const c of list) commands.push({ ...c, defaultKey: c.key, key: own[c.id] ?? c.key }) })
  onBeforeUnmount(() => {
    for (const c of list) { const i = commands.findIndex(x => x.id === c.id); if (i >= 0) commands.splice(i, 1) }
  })
}

export const keyOf = id => commands.find(c => c.id === id)?.key ?? ''
/** "Split (X)" for a tooltip. */
export const hint = (title, id) => keyOf(id) ? `${title} (${keyLabel(keyOf(id))})` : title

export function rebind(id, key) {
  const command = commands.find(c => c.id === id)
  const taken = conflicts(commands, id, key)
  if (taken.length) return taken
  command.key = key
  if (key === command.defaultKey) delete own[id]
  else own[id] = key
  memory.save('keys', own)
  return []
}
export function resetKeys() {
  for (const id of Object.keys(own)) delete own[id]
  for (const command of commands) command.key = command.defaultKey
  memory.save('keys', own)
}

const typing = target => target instanceof Element && target.closest('input:not([type=checkbox]):not([type=range]):not([type=radio]), textarea, select, [contenteditable]')
const held = new Map()

addEventListener('keydown', event => {
  if (event.defaultPrevented || event.isComposing) return
  const key = keyText(event)
  if (typing(event.target) && key !== 'Escape') return
  // A focused button keeps Enter and Space to itself; a slider has no use for Enter.
  if ((key === 'Enter' || key === 'Space') && event.target instanceof Element && event.target.closest('button, a[href], summary, label, input')
    && !(key === 'Enter' && event.target.type === 'range')) return
  // Arrow keys belong to a focused slider or tab.
  const command = [...commands].reverse().find(c => c.key === key && (!c.when || c.when(event)))
  if (!command) return
  if (command.hold) {
    event.preventDefault()
    if (!held.has(event.code)) { held.set(event.code, command); command.hold(true) }
    return
  }
  if (command.run(event) !== false) event.preventDefault()
})
const release = code => { held.get(code)?.hold(false); held.delete(code) }
addEventListener('keyup', event => release(event.code))
addEventListener('blur', () => { for (const code of [...held.keys()]) release(code) })
