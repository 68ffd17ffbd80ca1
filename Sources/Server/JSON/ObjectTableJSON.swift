import Store

/// Columns as JSON, written at once: 100,000 objects are a million numbers, for which a tree of values and an encoder take seconds.
enum ObjectTableJSON {
    static let schema = Schema.object([
        "count": .integer, "ids": .array(.integer), "images": .array(.integer), "columns": .map(.array(Schema.number.nullable)),
    ])

    static func encoded(_ table: ObjectTable, names: [String]) -> [UInt8] {
        var writer = Writer(capacity: table.ids.count * (14 + 12 * names.count) + 200)
        writer.text("{\"count\":\(table.ids.count),\"ids\":")
        writer.list(table.ids) { $0.whole($1) }
        writer.text(",\"images\":")
        writer.list(table.images) { $0.whole($1) }
        writer.text(",\"columns\":{")
        for (index, name) in names.enumerated() {
            // Names of columns are letters, digits and "_".
            writer.text("\(index > 0 ? "," : "")\"\(name)\":")
            writer.list(table.columns[index]) { $0.number($1) }
        }
        writer.text("}}")
        return writer.bytes
    }

    private struct Writer {
        var bytes: [UInt8] = []

        init(capacity: Int) { bytes.reserveCapacity(capacity) }

        mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

        mutating func list<Value>(_ values: [Value], _ write: (inout Writer, Value) -> Void) {
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(&self, value)
            }
            bytes.append(UInt8(ascii: "]"))
        }

        mutating func whole(_ value: Int64) {
            var rest = value.magnitude
            if value < 0 { bytes.append(UInt8(ascii: "-")) }
            let start = bytes.count
            repeat {
                bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
                rest /= 10
            } while rest > 0
            bytes[start...].reverse()
        }

        mutating func number(_ value: Double) {
            if let whole = Int64(exactly: value) {
                self.whole(whole)
            } else if value.isFinite {
                bytes.append(contentsOf: value.description.utf8)
            } else {
                bytes.append(contentsOf: "null".utf8)
            }
        }
    }
}
