"""Browser files without what only people read: comment lines, indentation, empty lines. Used when they are embedded.

No minifier: a line stays a line, so nothing depends on where a statement ends, and a stack trace still names a readable place.
Saves a tenth of what a browser loads.
"""
import re


def slim(text, suffix):
    """Text of a .js or .css file of ours, slimmed; other kinds come back as they are."""
    if suffix == ".css":
        return "\n".join(line.strip() for line in re.sub(r"/\*.*?\*/", "", text, flags=re.S).splitlines() if line.strip()) + "\n"
    if suffix != ".js":
        return text
    lines, in_comment, in_template = [], False, False
    for line in text.splitlines():
        bare = line.strip()
        if in_template:
            lines.append(line)  # a text of several lines is shown as it is
        elif in_comment:
            in_comment = "*/" not in bare
            continue
        elif bare.startswith("/*"):
            in_comment = "*/" not in bare
            continue
        elif bare and not bare.startswith("//"):
            lines.append(bare)
        else:
            continue
        if line.count("`") % 2:
            in_template = not in_template
    return "\n".join(lines) + "\n"
