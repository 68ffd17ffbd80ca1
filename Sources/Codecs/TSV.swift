/// Table of text cells separated by tabs, in the dialect of EcoTaxa: quotes and doubled quotes as in CSV, a cell is quoted
/// only when it has to be, LF or CRLF between rows, UTF-8 (Latin-1 is read too).
///
/// Cells are written as they are. Spreadsheets run cells that begin with `=`, `+`, `-` or `@` as formulas; escaping them
/// would change the data for EcoTaxa and for every script, so tables that hold text of strangers should be imported into a
/// spreadsheet as text, not opened by a double click.
package struct TSV: Sendable, Equatable {
    package struct Row: Sendable, Equatable {
        /// Line of the file on which the row begins, from 1.
        package var line: Int
        package var cells: [String]

        package init(line: Int, cells: [String]) {
            (self.line, self.cells) = (line, cells)
        }
    }

    package enum Encoding: String, Sendable { case utf8, utf8WithBOM, latin1 }

    package var rows: [Row]
    package var encoding = Encoding.utf8
    /// Line on which a quoted cell begins that is never closed: it has swallowed all that follows.
    package var unclosedQuote: Int?

    package static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    package init(rows: [Row] = []) {
        self.rows = rows
    }

    /// Reads any bytes; empty lines are skipped. Never fails: what cannot be right is noted in `encoding` and `unclosedQuote`.
    ///
    /// - Parameter latin1WithoutMark: reads bytes without a byte order mark as Latin-1, as EcoTaxa does; otherwise only when
    ///   they are not UTF-8.
    /// - Complexity: one pass.
    package init(bytes: [UInt8], latin1WithoutMark: Bool = false) {
        var content = bytes[...]
        if bytes.starts(with: Self.byteOrderMark) {
            content = content.dropFirst(3)
            encoding = .utf8WithBOM
        } else if latin1WithoutMark ? bytes.contains(where: { $0 > 127 }) : String(validating: bytes, as: UTF8.self) == nil {
            encoding = .latin1
        }
        rows = []
        let latin1 = encoding == .latin1
        func text(_ cell: some Collection<UInt8>) -> String {
            latin1 ? String(String.UnicodeScalarView(cell.map { Unicode.Scalar($0) })) : String(decoding: cell, as: UTF8.self)
        }
        let tab = UInt8(ascii: "\t"), quote = UInt8(ascii: "\""), lf = UInt8(ascii: "\n"), cr = UInt8(ascii: "\r")
        var line = 1, rowLine = 1, cells: [String] = []
        var at = content.startIndex
        let end = content.endIndex
        func isBreak(_ position: Int) -> Bool { position == end || content[position] == lf || content[position] == cr }
        while at < end {
            // One cell; `at` is its first byte.
            if content[at] == quote {
                let opened = line
                var cell: [UInt8] = []
                at += 1
                var closed = false
                while at < end {
                    let byte = content[at]
                    at += 1
                    if byte == quote {
                        if at < end, content[at] == quote {
                            cell.append(quote)
                            at += 1
                        } else {
                            closed = true
                            break
                        }
                    } else {
                        if byte == lf { line += 1 }
                        cell.append(byte)
                    }
                }
                if !closed, unclosedQuote == nil { unclosedQuote = opened }
                while !isBreak(at), content[at] != tab {  // text after a closing quote belongs to the cell
                    cell.append(content[at])
                    at += 1
                }
                cells.append(text(cell))
            } else {
                let start = at
                while !isBreak(at), content[at] != tab { at += 1 }
                cells.append(text(content[start..<at]))
            }
            if at < end, content[at] == tab {
                at += 1
                if at == end || isBreak(at) { cells.append("") } else { continue }
            }
            if at < end {
                if content[at] == cr, at + 1 < end, content[at + 1] == lf { at += 1 }
                at += 1
                line += 1
            }
            if cells != [""] { rows.append(Row(line: rowLine, cells: cells)) }
            cells = []
            rowLine = line
        }
    }

    /// Bytes of the table, each row ended by LF.
    package func encoded(byteOrderMark: Bool = true) -> [UInt8] {
        var bytes = byteOrderMark ? Self.byteOrderMark : []
        for row in rows { Self.append(row.cells, to: &bytes) }
        return bytes
    }

    /// Adds one row, for writers that hold no table.
    package static func append(_ cells: [String], to bytes: inout [UInt8]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\t")) }
            append(cell: cell, to: &bytes)
        }
        // A row of one empty cell would be an empty line, which readers skip.
        if cells == [""] { bytes += [UInt8(ascii: "\""), UInt8(ascii: "\"")] }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A cell is quoted when it begins with a quote or holds a tab or line break; a quote elsewhere (`5" net`) is plain text.
    static func append(cell: String, to bytes: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let utf8 = cell.utf8
        if utf8.first == quote || utf8.contains(where: { $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }) {
            bytes.append(quote)
            for byte in utf8 {
                if byte == quote { bytes.append(quote) }
                bytes.append(byte)
            }
            bytes.append(quote)
        } else {
            bytes.append(contentsOf: utf8)
        }
    }
}
