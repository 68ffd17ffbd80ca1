import GRDB

/// Order of a list of objects, and where its next page begins: behind the last object shown, by value and id. So pages neither
/// repeat nor skip objects that stay, whatever is edited between two requests, and the last page costs no more than the first.
struct ObjectOrder {
    /// SQL of the value that is sorted by.
    let expression: String
    /// `ORDER BY` of the list: objects without a value last, equal values by id.
    let clause: String
    /// What the rows of the next page fulfil; nil on the first page.
    let after: (condition: String, arguments: [DatabaseValue])?

    /// - Throws: `.invalid` for an unknown column or a cursor that is not one of such a list.
    init(_ query: ObjectQuery, columns: ObjectColumns) throws(StoreError) {
        expression = try columns.find(query.sort).sql
        let (direction, beyond) = query.descending ? ("DESC", "<") : ("ASC", ">")
        clause = query.sort == "id" ? "o.id \(direction)" : "\(expression) \(direction) NULLS LAST, o.id"
        guard let cursor = query.cursor else {
            after = nil
            return
        }
        guard let (value, id) = Self.parse(cursor) else {
            throw .invalid(sentence: "the cursor “\(cursor)” is not one of this list; start again without a cursor")
        }
        if query.sort == "id" {
            after = ("o.id \(beyond) ?", [id.databaseValue])
        } else if value.isNull {
            after = ("\(expression) IS NULL AND o.id > ?", [id.databaseValue])
        } else {
            after = ("(\(expression) \(beyond) ? OR (\(expression) = ? AND o.id > ?) OR \(expression) IS NULL)", [value, value, id.databaseValue])
        }
    }

    /// Bits, not decimals, of a measured value: the very object must be found again.
    static func cursor(value: DatabaseValue, id: ObjectID) -> String {
        switch value.storage {
        case .null, .blob: "n~\(id)"
        case .int64(let number): "i\(number)~\(id)"
        case .double(let number): "d\(String(number.bitPattern, radix: 16))~\(id)"
        case .string(let text): "s\(text)~\(id)"
        }
    }

    static func parse(_ cursor: String) -> (DatabaseValue, Int64)? {
        guard let kind = cursor.first, let tilde = cursor.lastIndex(of: "~"), let id = Int64(cursor[cursor.index(after: tilde)...]) else { return nil }
        let text = cursor[cursor.index(after: cursor.startIndex)..<tilde]
        switch kind {
        case "n" where text.isEmpty: return (.null, id)
        case "i": return Int64(text).map { ($0.databaseValue, id) }
        case "d": return UInt64(text, radix: 16).map { (Double(bitPattern: $0).databaseValue, id) }
        case "s": return (String(text).databaseValue, id)
        default: return nil
        }
    }
}
