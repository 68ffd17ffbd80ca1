import Codecs
import Foundation
import Operations
import Raster

/// Rows of measured objects, taken in any order and written as one CSV file in order of their numbers.
final class ObjectTable {
    private struct Row: BitwiseCopyable {
        // Noise makes millions of rows.
        let id: Int32
        let length: Int32
        let offset: Int
    }

    private let columns: [MeasureColumn]
    private var rows: [Row] = []
    /// Finished text, in a file as soon as it is over `limit`.
    private var text: [UInt8] = []
    private var file: TemporaryFile?
    private let limit = 8 << 20

    private let part: PartFile

    /// - Parameter part: the file to write.
    init(columns: [MeasureColumn], part: PartFile) { (self.columns, self.part) = (columns, part) }

    /// - Parameter id: refers to the object when the table is written.
    func add(id: Int, touches: BorderSides, _ values: [Double?]) throws {
        let start = text.count
        ObjectTable.append(Double(touches.rawValue), to: &text)
        for value in values {
            text.append(UInt8(ascii: ","))
            if let value { ObjectTable.append(value, to: &text) }
        }
        rows.append(Row(id: Int32(id), length: Int32(text.count - start), offset: (file?.size ?? 0) + start))
        if text.count > limit {
            let file = try self.file ?? TemporaryFile()
            self.file = file
            _ = try text.withUnsafeBytes { try file.append($0) }
            text.removeAll(keepingCapacity: true)
        }
    }

    /// Who gets a row, and the cells that are known only when all objects are.
    struct Entry {
        let id: Int
        let label: Int
        var parent: Int?
        var innerCount: Int?
    }

    /// Writes the header and a row for each entry; takes the place of an older file only when it is complete.
    ///
    /// - Parameter entries: with ascending `id`, each of which has been added.
    func write(_ entries: some Sequence<Entry>) throws {
        rows.sort { $0.id < $1.id }
        var buffer: [UInt8] = []
        func flush() throws {
            try buffer.withUnsafeBytes { try part.write($0) }
            buffer.removeAll(keepingCapacity: true)
        }
        let names = ["label", "parent_id", "n_inner", "touches"] + columns.map(\.name)
        buffer.append(contentsOf: names.map(ObjectTable.quoted).joined(separator: ",").utf8)
        buffer.append(contentsOf: ObjectTable.lineEnd)
        let inFile = file?.size ?? 0
        var next = 0
        for entry in entries {
            while Int(rows[next].id) < entry.id { next += 1 }
            let row = rows[next]
            precondition(Int(row.id) == entry.id, "object \(entry.id) was not measured")
            for number in [entry.label, entry.parent, entry.innerCount] {
                if let number { buffer.append(contentsOf: String(number).utf8) }
                buffer.append(UInt8(ascii: ","))
            }
            if row.offset >= inFile {
                buffer.append(contentsOf: text[(row.offset - inFile)..<(row.offset - inFile + Int(row.length))])
            } else if let file {
                let start = buffer.count
                buffer.append(contentsOf: repeatElement(0, count: Int(row.length)))
                try buffer.withUnsafeMutableBytes { try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[start...]), at: row.offset) }
            }
            buffer.append(contentsOf: ObjectTable.lineEnd)
            if buffer.count > 1 << 20 { try flush() }
        }
        try flush()
        try part.commit()
    }

    /// RFC 4180.
    private static let lineEnd = [UInt8(ascii: "\r"), UInt8(ascii: "\n")]

    private static func quoted(_ cell: String) -> String {
        cell.contains { $0 == "," || $0 == "\"" || $0.isNewline } ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
    }

    /// Shortest text that reads back to the same number; whole numbers without a point.
    private static func append(_ value: Double, to text: inout [UInt8]) {
        if let whole = Int(exactly: value), abs(whole) < 1 << 53 {
            text.append(contentsOf: String(whole).utf8)
        } else {
            text.append(contentsOf: value.description.utf8)
        }
    }
}
