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
        let writer = try ZipWriter(path: path)
        for file in table.encode(name: name) { try writer.add(name: file.name, bytes: file.bytes) }
        for row in 0..<table.count {
            // PNG and JPEG are compressed already.
            try writer.add(name: table.imageName(row), bytes: image(row), compress: false)
            try progress(row + 1, table.count)
        }
        try writer.close()
    }
}
