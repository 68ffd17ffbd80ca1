import Crypto
import Foundation
import GRDB
import Raster

/// Every change of an image's objects, by a run, an edit, an undo or a redo, is a set of (object, mask before, mask after),
/// where no mask means not active. Masks are never changed or deleted while the image has a history, so undo and redo are exact.
struct ObjectChange: Equatable {
    var object: ObjectID
    var before: Int64?
    var after: Int64?
}

/// Writes objects and masks within one transaction.
struct ObjectWriter {
    let database: Database
    private let image: ObjectID
    private let time = Date().milliseconds
    private var nextObject: Int64
    private var nextMask: Int64
    private let insertObject: BoundStatement
    private let insertMask: BoundStatement
    private let insertBox: BoundStatement
    private var measurements: MeasurementWriter

    init(_ database: Database, image: ObjectID) throws {
        (self.database, self.image) = (database, image)
        // AUTOINCREMENT keeps the highest number ever given, so numbers in URLs never come to mean something else.
        nextObject = try Int64.fetchOne(database.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'object'")).map { $0 + 1 } ?? 1
        nextMask = try Int64.fetchOne(database.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'mask'")).map { $0 + 1 } ?? 1
        insertObject = try BoundStatement(
            database, sql: """
                INSERT INTO object (id, uid, kind, image_id, parent_id, node_id, active, mask_id, edited, x, y, width, height, area, touches, n_inner, rule, created_at)
                VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        insertMask = try BoundStatement(
            database, sql: """
                INSERT INTO mask (id, object_id, edit_id, parent_id, x, y, width, height, area, touches, n_inner, sha256, png)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        measurements = MeasurementWriter(database)
        insertBox = try BoundStatement(database, sql: "INSERT OR REPLACE INTO object_box VALUES (?, ?, ?, ?, ?, ?, ?)")
    }

    /// A new active object with its first mask, and the change that it is.
    mutating func create(_ region: NewRegion, kind: ObjectKind, parent: ObjectID?, node: Int64?, edit: Int64?) throws -> ObjectChange {
        try Self.check(region.box, png: region.png, area: region.area, what: "object \(region.uid)")
        let object = nextObject
        nextObject += 1
        let mask = try self.mask(
            object: object, edit: edit, parent: parent, box: region.box, area: region.area, touches: region.touches, nInner: region.nInner,
            png: region.png, measurements: region.measurements)
        let box = region.box
        do {
            try insertObject.execute { [image, time] arguments in
                arguments.add(object)
                arguments.add(region.uid)
                arguments.add(kind.rawValue)
                arguments.add(image)
                arguments.add(parent)
                arguments.add(node)
                arguments.add(mask)
                arguments.add(edit == nil ? 0 : 1)
                for number in [box.x, box.y, box.width, box.height, region.area, Int(region.touches), region.nInner] { arguments.add(number) }
                arguments.add(region.rule)
                arguments.add(time)
            }
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw StoreError.conflict(sentence: "an object with the identity \(region.uid) is there already; reload the image")
        }
        try index(object, box)
        return ObjectChange(object: object, before: nil, after: mask)
    }

    /// A further mask of an object; it comes into force by `apply`.
    mutating func mask(
        object: ObjectID, edit: Int64?, parent: ObjectID?, box: Rect, area: Int, touches: UInt8, nInner: Int, png: [UInt8], measurements: Measurements
    ) throws -> Int64 {
        let mask = nextMask
        nextMask += 1
        try insertMask.execute { arguments in
            arguments.add(mask)
            arguments.add(object)
            arguments.add(edit)
            arguments.add(parent)
            for number in [box.x, box.y, box.width, box.height, area, Int(touches), nInner] { arguments.add(number) }
            SHA256.hash(data: png).withUnsafeBytes { arguments.add(bytes: $0) }
            png.withUnsafeBytes { arguments.add(bytes: $0) }
        }
        try self.measurements.store(mask: mask, measurements)
        return mask
    }

    /// The same mask measured anew.
    mutating func measure(mask: Int64, _ measurements: Measurements) throws { try self.measurements.store(mask: mask, measurements) }

    /// Brings changes into force, what leaves before what comes, because an identity can be active only once.
    /// - Returns: box around everything before and after.
    func apply(_ changes: [ObjectChange]) throws -> Rect {
        var box = Rect(x: 0, y: 0, width: 0, height: 0)
        let maskBox = try database.cachedStatement(sql: "SELECT x, y, width, height FROM mask WHERE id = ?")
        for change in changes {
            for mask in [change.before, change.after].compactMap(\.self) {
                guard let row = try Row.fetchOne(maskBox, arguments: [mask]) else { continue }
                box = box.union(Rect(x: row[0], y: row[1], width: row[2], height: row[3]))
            }
        }
        let retire = try database.cachedStatement(sql: "UPDATE object SET active = 0 WHERE id = ?")
        let unindex = try database.cachedStatement(sql: "DELETE FROM object_box WHERE id = ?")
        for change in changes where change.after == nil {
            try retire.execute(arguments: [change.object])
            try unindex.execute(arguments: [change.object])
        }
        let activate = try database.cachedStatement(
            sql: """
                UPDATE object SET active = 1, mask_id = mask.id, edited = mask.edit_id IS NOT NULL, parent_id = mask.parent_id, x = mask.x, y = mask.y,
                    width = mask.width, height = mask.height, area = mask.area, touches = mask.touches, n_inner = mask.n_inner
                FROM mask WHERE mask.id = ? AND object.id = ?
                """)
        for change in changes {
            guard let mask = change.after else { continue }
            try activate.execute(arguments: [mask, change.object])
            guard let row = try Row.fetchOne(maskBox, arguments: [mask]) else { continue }
            try index(change.object, Rect(x: row[0], y: row[1], width: row[2], height: row[3]))
        }
        return box
    }

    private func index(_ object: ObjectID, _ box: Rect) throws {
        try insertBox.execute { [image] arguments in
            arguments.add(object)
            arguments.add(image)
            arguments.add(image)
            for number in [box.x, box.maxX - 1, box.y, box.maxY - 1] { arguments.add(number) }
        }
    }

    /// One more revision of the image's objects.
    func bumpRevision() throws -> Int64 {
        try database.cachedStatement(sql: "UPDATE image SET revision = revision + 1 WHERE object_id = ?").execute(arguments: [image])
        try Project.touch(database)
        return try Int64.fetchOne(database.cachedStatement(sql: "SELECT revision FROM image WHERE object_id = ?"), arguments: [image]) ?? 0
    }

    static func digest(_ png: [UInt8]) -> Data { Data(SHA256.hash(data: png)) }

    /// What the caller computed must fit together; a mask that could not be drawn must not get in.
    static func check(_ box: Rect, png: [UInt8], area: Int, what: String) throws {
        let limit = Project.farthest
        // Each by itself first, so that no sum overflows.
        guard box.x > -limit, box.y > -limit, max(box.x, box.y, box.width, box.height) < limit, box.maxX < limit, box.maxY < limit else {
            throw StoreError.invalid(sentence: "\(what) lies outside of any image: \(box)")
        }
        guard !box.isEmpty, area > 0, area <= box.area else {
            throw StoreError.invalid(sentence: "\(what) has \(area) pixels in a box of \(box.width) × \(box.height)")
        }
        guard let size = pngSize(png), size.width == box.width, size.height == box.height else {
            throw StoreError.invalid(sentence: "the mask of \(what) is not a PNG of its box's size, \(box.width) × \(box.height)")
        }
    }

    /// Size that the header of a PNG states; nil when it is not one.
    static func pngSize(_ png: [UInt8]) -> (width: Int, height: Int)? {
        guard png.count >= 33, png.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), png[12..<16].elementsEqual("IHDR".utf8) else { return nil }
        func number(_ at: Int) -> Int { png[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        return (number(16), number(20))
    }
}
