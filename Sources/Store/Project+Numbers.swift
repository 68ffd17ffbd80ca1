import GRDB

extension Project {
    /// Boxes of objects and masks lie within this distance of the image's corner, so that no sum or product of theirs overflows.
    static let farthest = 1 << 30
    /// Most pixels of an image to a side, as many as a pyramid may have.
    static let longestSide = 1 << 24

    /// Refuses a database whose boxes and sizes no image can have: everything after this calculates with them. One pass over each table.
    /// - Throws: `.corrupt`, naming table and row.
    static func checkNumbers(_ database: Database, path: String) throws {
        let box = "x BETWEEN -\(farthest) AND \(farthest) AND y BETWEEN -\(farthest) AND \(farthest) AND width BETWEEN 0 AND \(farthest) AND height BETWEEN 0 AND \(farthest)"
        // What could not be read has no size.
        let size = "width BETWEEN 1 AND \(longestSide) AND height BETWEEN 1 AND \(longestSide) OR width = 0 AND height = 0"
        for (table, sound, columns) in [
            ("object", box, "'box ' || x || ', ' || y || ', ' || width || ' × ' || height"), ("mask", box, "'box ' || x || ', ' || y || ', ' || width || ' × ' || height"),
            ("image_data", size, "'size ' || width || ' × ' || height"),
        ] {
            let wrong: Row?
            do {
                wrong = try Row.fetchOne(database, sql: "SELECT id, \(columns) FROM \(table) WHERE NOT (\(sound)) LIMIT 1")
            } catch let damage as DatabaseError where damage.resultCode == .SQLITE_CORRUPT {
                // A page that cannot be read ends what reads it, and `check` tells where it is.
                continue
            }
            guard let wrong else { continue }
            let (row, what): (Int64, String) = (wrong[0], wrong[1])
            throw StoreError.corrupt(path: path + "/" + databaseName, detail: "row \(row) of table \(table) has the \(what), which no image can have")
        }
    }
}
