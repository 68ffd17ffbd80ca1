/// What reference pages have in common: looks, escaping, the HTML around their content. Pages load nothing and run nothing.
public enum ReferencePage {
    /// Looks of the HTML page; public so that a server can allow exactly this style.
    public static let style = """
        :root { color-scheme: light dark; --text: #1b1f24; --page: #ffffff; --line: #c9d1d9; --soft: #f3f5f7; --link: #0b5cad; }
        @media (prefers-color-scheme: dark) {
          :root { --text: #e6e9ec; --page: #14171a; --line: #3a4149; --soft: #1e2328; --link: #7db8f5; }
        }
        body { margin: 0 auto; padding: 1rem; max-width: 80rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
        a { color: var(--link); }
        nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0; list-style: none; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
        th, td { padding: 0.25rem 0.5rem; border: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: normal; }
        thead th { background: var(--soft); font-weight: bold; }
        tr:target { background: var(--soft); }
        code { font-family: ui-monospace, monospace; }
        """

    /// One HTML file without scripts or other files; light or dark as the reader's system is.
    ///
    /// - Parameter body: HTML.
    public static func html(title: String, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(text(title))</title>
        <style>\(style)</style>
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    /// Text in a Markdown paragraph or cell, with nothing of it taken for markup.
    public static func markdown(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if "\\`*_[]<>|#~".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }

    /// Text in an HTML page.
    public static func text(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
