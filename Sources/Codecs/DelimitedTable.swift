/// Rows of a table for spreadsheets and scripts, with tabs or commas between cells.
///
/// Commas: RFC 4180, but for the line end, which is LF; cells with comma, quote or line break are quoted, quotes doubled. Tabs: as `TSV`.
/// Cells are written as they are: text that begins with `=`, `+`, `-` or `@` would run as a formula when a spreadsheet opens the file by a
/// double click. Changing it would change the data for every script, so such tables should be imported into a spreadsheet as text.
package struct DelimitedTable: Sendable {
    package enum Separator: String, Sendable, CaseIterable { case tab, comma }

    package let separator: Separator

    package init(_ separator: Separator) { self.separator = separator }

    package func append(_ cells: [String], to bytes: inout [UInt8]) {
        guard separator == .comma else { return TSV.append(cells, to: &bytes) }
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(cell: cell, to: &bytes)
        }
        // A row of one empty cell would be an empty line, which readers skip.
        if cells == [""] { bytes += Array("\"\"".utf8) }
        bytes.append(UInt8(ascii: "\n"))
    }

    private func append(cell: String, to bytes: inout [UInt8]) {
        let (quote, utf8) = (UInt8(ascii: "\""), cell.utf8)
        guard utf8.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") || $0 == 0x0A || $0 == 0x0D }) else { return bytes.append(contentsOf: utf8) }
        bytes.append(quote)
        for byte in utf8 {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }
}
