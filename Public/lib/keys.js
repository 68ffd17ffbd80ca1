// Key presses as text, and which command they mean. Pure; the page's listener is in commands.js.

/** A press → "Ctrl+Shift+Z", "Delete", "?", "Space". Cmd counts as Ctrl. Shift is named only where it does not make the character itself. */
export function keyText(event) {
  let key = event.key
  if (key === ' ') key = 'Space'
  if (key === 'Esc') key = 'Escape'
  const letter = /^[a-z]$/i.test(key)
  const symbol = key.length === 1 && !letter
  if (letter) key = key.toUpperCase()
  // AltGr, by which many keyboards write brackets, comes as Ctrl and Alt.
  if (symbol && event.getModifierState?.('AltGraph')) return key
  return (event.ctrlKey || event.metaKey ? 'Ctrl+' : '') + (event.altKey ? 'Alt+' : '') + (event.shiftKey && !symbol ? 'Shift+' : '') + key
}

const shown = { Escape: 'Esc', Delete: 'Del', Backspace: '⌫', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' }
/** As printed on a key: "Ctrl Z" */
export const keyLabel = key => key ? key.split(/\+(?=.)/).map(k => shown[k] ?? k).join(' ') : ''

/** Commands that share a key with the given one and may be active with it. */
export const conflicts = (commands, id, key) => {
  const own = commands.find(c => c.id === id)
  return commands.filter(c => c.id !== id && c.key === key && key && (!c.scope || !own?.scope || c.scope === own.scope))
}
