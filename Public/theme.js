// Before the first paint, so that a dark room stays dark.
try {
  const theme = localStorage.getItem('ship.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch { /* storage may be closed; then the system's choice holds */ }
