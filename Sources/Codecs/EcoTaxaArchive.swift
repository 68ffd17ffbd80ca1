/// Writes an EcoTaxa archive: the tables, then the images of their rows, streamed one by one.
package enum EcoTaxaArchive {
    /// - Parameters:
    ///   - name: of the export, for the tables' names.
    ///   - path: of the file to write; give it a `.part` name and rename it when this returns (the file is synced).
    ///   - image: bytes of the image of a row of the table.
    ///   - progress: called after each image with how many are done of how many; may throw to cancel.
    /// - Throws: `ZipError`, and whatever `image` and `progress` throw. The file is then without a directory: remove it.
    package static func write(
        _ table: EcoTaxaTable, name: String, to path: String, image: (_ row: Int) throws -> [UInt8],
        progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws {
        let writer = try begin(table.encode(name: name), at: path)
        for row in 0..<table.count {
            try add(image(row), of: row, table, to: writer)
            try progress(row + 1, table.count)
        }
        try writer.close()
    }

    /// The archive with its tables; the images of their rows follow by `add`, then `close` of the writer.
    package static func begin(_ tables: [EcoTaxaTable.File], at path: String) throws(ZipError) -> ZipWriter {
        let writer = try ZipWriter(path: path)
        // Of digits without a pattern the quickest level leaves 43 %, the usual one 40 %, in a fifth of the time; pictures are by far the most.
        for file in tables { try writer.add(name: file.name, bytes: file.bytes, level: 1) }
        return writer
    }

    package static func add(_ image: [UInt8], of row: Int, _ table: EcoTaxaTable, to writer: ZipWriter) throws(ZipError) {
        // PNG and JPEG are compressed already.
        try writer.add(name: table.imageName(row), bytes: image, compress: false)
    }
}
