import Foundation
import GRDB
import Raster

extension Project {
    /// Registers an image. Of bytes (and page) that the project has already, that image is returned with `isNew` false, brought
    /// back when it was in the trash; when its file is no longer where it was, the new place takes over.
    /// - Throws: `.invalid` for an absolute path or a bad node name, `.diskFull`, `.io`.
    package func insertImage(_ new: NewImage) async throws(StoreError) -> ImageRecord { try await insertImages([new])[0] }

    /// The same for several images in one transaction, in their order: one wait for the disk for all of them.
    package func insertImages(_ list: [NewImage]) async throws(StoreError) -> [ImageRecord] {
        for new in list { try Self.check(new) }
        let stored = try await write { database in
            let images = try list.map { try Self.insert($0, database) }
            try Self.touch(database)
            return images
        }
        var images: [ImageRecord] = []
        for (image, new) in zip(stored, list) { images.append(try await moved(image, to: new)) }
        return images
    }

    private static func place(of location: ImageLocation) -> (root: Int64?, url: String) {
        switch location {
        case .project(let path): (nil, path)
        case .root(let id, let path): (id, path)
        }
    }

    private static func check(_ new: NewImage) throws(StoreError) {
        let url = place(of: new.location).url
        guard !url.hasPrefix("/"), (try? FolderHandle.components(url)) != nil else {
            throw .invalid(sentence: "“\(url)” cannot be the place of an image; give a path relative to its folder")
        }
        guard OnDiskName.isAllowedFolder(new.node) else { throw .invalid(sentence: "the node name “\(new.node)” is not of the form [a-z0-9_-]") }
        let sides = 0...Self.longestSide
        guard sides.contains(new.width), sides.contains(new.height), (new.width == 0) == (new.height == 0) else {
            throw .invalid(sentence: "\(new.name) cannot be \(new.width) × \(new.height) pixels large; cut it")
        }
        try Self.requirePixelSize(new.pixelSize)
    }

    private static func insert(_ new: NewImage, _ database: Database) throws -> ImageRecord {
        let (root, url) = place(of: new.location)
        if let root, try Int64.fetchOne(database.cachedStatement(sql: "SELECT id FROM import_root WHERE id = ?"), arguments: [root]) == nil {
            throw StoreError.notFound(what: "Import root \(root)")
        }
        let known =
            new.made == nil
            ? try Int64.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT image.object_id FROM image JOIN image_data ON image_data.id = image.original_id
                        WHERE image_data.sha256 = ? AND image_data.page = ? AND image.made IS NULL
                        """), arguments: [new.sha256, new.page])
            : try Int64.fetchOne(database.cachedStatement(sql: "SELECT id FROM object WHERE uid = ? AND kind = 'image'"), arguments: [new.uid])
        if let known {
            try database.cachedStatement(sql: "UPDATE image SET removed_at = NULL WHERE object_id = ? AND removed_at IS NOT NULL").execute(arguments: [known])
            guard let image = try Self.image(database, known) else { throw StoreError.notFound(what: "Image \(known)") }
            return image
        }
        let now = Date().milliseconds
        let node = try Self.nodeID(database, name: new.node, kind: "import.folder")
        // The image of an image object is itself, so its number is needed before its row.
        let id = (try Int64.fetchOne(database.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'object'")) ?? 0) + 1
        try database.cachedStatement(
            sql: """
                INSERT INTO object (id, uid, kind, image_id, node_id, active, x, y, width, height, area, created_at)
                VALUES (?, ?, 'image', ?, ?, 1, 0, 0, ?, ?, ?, ?)
                """
        ).execute(arguments: [id, new.uid, id, node, new.width, new.height, new.width * new.height, now])
        try database.cachedStatement(sql: "INSERT INTO facet (node_id, object_id, slot, meta) VALUES (?, ?, 'image', ?)")
            .execute(arguments: [node, id, new.details])
        try database.cachedStatement(
            sql: """
                INSERT INTO image_data (facet_id, root_id, url, page, width, height, channels, bits, format, orientation, pixel_size_um,
                    pixel_size_source, sha256, bytes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                database.lastInsertedRowID, root, url, new.page, new.width, new.height, new.channels, new.bits, new.format, new.orientation,
                new.pixelSize, new.pixelSizeSource, new.sha256, new.bytes,
            ])
        try database.cachedStatement(sql: "INSERT INTO image (object_id, original_id, name, state, error, made) VALUES (?, ?, ?, ?, ?, ?)")
            .execute(arguments: [id, database.lastInsertedRowID, new.name, new.state.rawValue, new.error, try new.made.map(Self.json)])
        let field = try database.cachedStatement(sql: "INSERT INTO metadata (object_id, key, value, source) VALUES (?, ?, ?, ?)")
        for (key, value) in new.metadata.sorted(by: { $0.key < $1.key }) where new.namedMetadata[key] == nil {
            try field.execute(arguments: [id, key, value, new.metadataSource.rawValue])
        }
        for (key, value) in new.namedMetadata.sorted(by: { $0.key < $1.key }) {
            try field.execute(arguments: [id, key, value, MetadataSource.pattern.rawValue])
        }
        guard var image = try Self.image(database, id, counting: false) else { throw StoreError.notFound(what: "Image \(id)") }
        image.isNew = true
        return image
    }

    /// Where the file of a known image is gone, the new place of the same bytes takes over.
    private func moved(_ stored: ImageRecord, to new: NewImage) async throws(StoreError) -> ImageRecord {
        guard !stored.isNew, stored.location != new.location else { return stored }
        var isGone = false
        do throws(StoreError) { _ = try openOriginal(stored) } catch {
            switch error {
            case .missingFile, .changedFile: isGone = true
            // It is there but cannot be read now; the image stays as it is.
            default: break
            }
        }
        return isGone ? try await moveImage(stored.id, to: new.location) : stored
    }

    /// Says where the file of an image lies now.
    package func moveImage(_ id: ObjectID, to location: ImageLocation) async throws(StoreError) -> ImageRecord {
        let (root, url) = Self.place(of: location)
        return try await write { database in
            try database.execute(
                sql: "UPDATE image_data SET root_id = ?, url = ? WHERE id = (SELECT original_id FROM image WHERE object_id = ?)", arguments: [root, url, id])
            guard let image = try Self.image(database, id) else { throw StoreError.notFound(what: "Image \(id)") }
            return image
        }
    }

    /// nil when there is none of this id; images in the trash are returned with `removedAt`.
    /// - Parameter counting: false leaves `objects` 0; counting takes milliseconds where there are a hundred thousand.
    package func image(_ id: ObjectID, counting: Bool = true) async throws(StoreError) -> ImageRecord? {
        try await read { try Self.image($0, id, counting: counting) }
    }

    /// Images that are not in the trash.
    /// - Parameter cursor: `Page.next` of the page before, with the same order and state.
    package func images(
        state: ImageState? = nil, order: ImageOrder = .imported, cursor: String? = nil, limit: Int = 200
    ) async throws(StoreError) -> Page<ImageRecord> {
        // The cursor says all by itself: the image it was made of may be gone or have another name by now.
        let parts = cursor?.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let after = try Self.idCursor(parts?[0]) ?? 0
        if let cursor, parts?.count != (order == .name ? 2 : 1) {
            throw .invalid(sentence: "the cursor “\(cursor)” is not one of this list; start again without a cursor")
        }
        let afterName = parts?.dropFirst().first
        let limit = max(1, min(limit, 10_000))
        return try await read { database in
            let total = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM image WHERE removed_at IS NULL AND (?1 IS NULL OR state = ?1)", arguments: [state?.rawValue]) ?? 0
            let position =
                switch order {
                case .imported: "image.object_id > ?2"
                case .name: "(?4 IS NULL OR (image.name, image.object_id) > (?4, ?2))"
                }
            let rows = try Row.fetchAll(
                database,
                sql: """
                    \(imageSelection) WHERE image.removed_at IS NULL AND (?1 IS NULL OR image.state = ?1) AND \(position)
                    ORDER BY \(order == .name ? "image.name, image.object_id" : "image.object_id") LIMIT ?3
                    """, arguments: order == .name ? [state?.rawValue, after, limit + 1, afterName] : [state?.rawValue, after, limit + 1])
            let items = rows.prefix(limit).map(Self.imageRecord)
            let next = rows.count > items.count ? items.last.map { order == .name ? "\($0.id)~\($0.name)" : "\($0.id)" } : nil
            return Page(items: Array(items), next: next, total: total)
        }
    }

    /// Every image that is not in the trash, read page by page.
    package func allImages() async throws(StoreError) -> [ImageRecord] {
        var images: [ImageRecord] = []
        var cursor: String?
        repeat {
            let page = try await self.images(cursor: cursor, limit: 1000)
            images += page.items
            cursor = page.next
        } while cursor != nil
        return images
    }

    /// - Parameter by: who, for the record of a changed pixel size.
    /// - Throws: `.notFound`, `.invalid` for a pixel size that is not a positive number.
    package func updateImage(_ id: ObjectID, _ change: ImageChange, by: String = "local") async throws(StoreError) {
        try Self.requirePixelSize(change.pixelSize ?? nil)
        try await write { database in
            try Self.requireImage(database, id)
            func set(_ table: String, _ column: String, _ value: (any DatabaseValueConvertible)?) throws {
                let key = table == "image_data" ? "id = (SELECT original_id FROM image WHERE object_id = ?)" : table == "object" ? "id = ?" : "object_id = ?"
                try database.execute(sql: "UPDATE \(table) SET \(column) = ? WHERE \(key)", arguments: [value, id])
            }
            if let state = change.state { try set("image", "state", state.rawValue) }
            if let error = change.error { try set("image", "error", error) }
            if let pyramid = change.pyramid { try set("image", "pyramid", pyramid) }
            if let name = change.name { try set("image", "name", name) }
            if let width = change.width {
                try set("image_data", "width", width)
                try set("object", "width", width)
            }
            if let height = change.height {
                try set("image_data", "height", height)
                try set("object", "height", height)
            }
            if let channels = change.channels { try set("image_data", "channels", channels) }
            if let bits = change.bits { try set("image_data", "bits", bits) }
            if let format = change.format { try set("image_data", "format", format) }
            if let orientation = change.orientation { try set("image_data", "orientation", orientation) }
            if let size = change.pixelSize {
                let before = try Double.fetchOne(
                    database, sql: "SELECT pixel_size_um FROM image_data WHERE id = (SELECT original_id FROM image WHERE object_id = ?)", arguments: [id])
                try set("image_data", "pixel_size_um", size)
                if before != size {
                    try Self.audit(
                        database, by: by, object: id, field: "pixel_size_um", before: before.map { "\($0)" },
                        after: size.map { "\($0)" })
                }
            }
            if let area = change.area {
                let before = try String.fetchOne(database, sql: "SELECT area FROM image WHERE object_id = ?", arguments: [id])
                try set("image", "area", area)
                if before != area { try Self.audit(database, by: by, object: id, field: "area", before: before, after: area) }
            }
            if let source = change.pixelSizeSource { try set("image_data", "pixel_size_source", source) }
            try Self.touch(database)
        }
    }

    /// Moves an image with its objects to the project's trash; `restoreImage` brings it back. The original stays where it is.
    package func removeImage(_ id: ObjectID) async throws(StoreError) {
        try await write { database in
            try Self.requireImage(database, id)
            try database.execute(sql: "UPDATE image SET removed_at = ? WHERE object_id = ?", arguments: [Date().milliseconds, id])
            try Self.touch(database)
        }
    }

    /// Notes the key of what a step made of the whole group of each of these images; nil: nothing.
    package func setPrepared(step: String, keys: [ObjectID: String?]) async throws(StoreError) {
        if keys.isEmpty { return }
        try await write { database in
            for (id, key) in keys.sorted(by: { $0.key < $1.key }) {
                let known = try String.fetchOne(database.cachedStatement(sql: "SELECT prepared FROM image WHERE object_id = ?"), arguments: [id])
                var all = Self.decoded([String: String].self, known) ?? [:]
                all[step] = key
                try database.execute(sql: "UPDATE image SET prepared = ? WHERE object_id = ?", arguments: [try Self.json(all), id])
            }
            try Self.touch(database)
        }
    }

    /// Notes of what steps made their results on an image, in place of what was noted before.
    package func setStates(image: ObjectID, _ states: [String: String]) async throws(StoreError) {
        try await write { try Self.setStates($0, image: image, states) }
    }

    static func setStates(_ database: Database, image: ObjectID, _ states: [String: String]) throws {
        try database.cachedStatement(sql: "UPDATE image SET states = ? WHERE object_id = ?").execute(arguments: [try json(states), image])
    }

    /// What the step that made an image says about it: a JSON object.
    package func imageDetails(_ id: ObjectID) async throws(StoreError) -> String {
        try await read { database in
            try String.fetchOne(
                database, sql: "SELECT meta FROM facet WHERE id = (SELECT facet_id FROM image_data WHERE id = (SELECT original_id FROM image WHERE object_id = ?))",
                arguments: [id]) ?? "{}"
        }
    }

    package func restoreImage(_ id: ObjectID) async throws(StoreError) {
        try await write { database in
            try database.execute(sql: "UPDATE image SET removed_at = NULL WHERE object_id = ?", arguments: [id])
            guard database.changesCount == 1 else { throw StoreError.notFound(what: "Image \(id)") }
            try Self.touch(database)
        }
    }

    /// Images in the trash, removed last first.
    package func removedImages() async throws(StoreError) -> [ImageRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "\(imageSelection) WHERE image.removed_at IS NOT NULL ORDER BY image.removed_at DESC").map(Self.imageRecord)
        }
    }

    /// Deletes the images in the trash for good, with their objects, their history and the files that the project owns; originals in an
    /// import root are never touched. First the rows, then the files: a crash in between leaves a file too many, never an image without its file.
    /// - Returns: number of images.
    package func emptyTrash() async throws(StoreError) -> Int {
        let images = try await removedImages()
        let ids = images.map(\.id)
        try await write { database in
            for id in ids {
                try database.execute(sql: "DELETE FROM object_box WHERE id IN (SELECT id FROM object WHERE image_id = ?)", arguments: [id])
                try database.execute(sql: "DELETE FROM object WHERE image_id = ? AND id <> image_id", arguments: [id])
                try database.execute(sql: "DELETE FROM object WHERE id = ?", arguments: [id])
            }
            try Self.touch(database)
        }
        for image in images {
            // Pages of one file are images of their own; the file goes with the last of them.
            if case .project(let path) = image.location, try await !isOriginal(path) { try files.remove(path) }
            if let pyramid = image.pyramid { try files.remove(pyramid) }
        }
        return ids.count
    }

    /// The original file of an image, open for reading.
    ///
    /// A file that was written or put there after its import is read once, to be sure that it is the same one.
    /// - Throws: `.missingFile` with what to do when it is not where it was, `.changedFile` when it is another one.
    package func openOriginal(_ image: ImageRecord) throws(StoreError) -> OpenFile {
        let file = try openFile(at: image.location)
        guard file.size == image.bytes else { throw .changedFile(path: file.path, bytes: file.size, before: image.bytes) }
        if file.changedAt > image.createdAt.milliseconds, verifiedOriginals.withLock({ $0[image.id] }) != file.changedAt {
            let digest: String
            do { digest = try FileDigest.sha256(file).sha256 } catch { throw StoreError(error, path: file.path) }
            guard digest == image.sha256 else { throw .changedFile(path: file.path, bytes: file.size, before: image.bytes) }
            verifiedOriginals.withLock { $0[image.id] = file.changedAt }
        }
        return file
    }

    package func openFile(at location: ImageLocation) throws(StoreError) -> OpenFile {
        switch location {
        case .project(let path):
            do throws(StoreError) { return try files.openFile(path) } catch .missingFile(let path, _) {
                throw .missingFile(path: path, remedy: "copy it back from the folder the project came from, or take the image out (`ship remove`, or on the Images page)")
            }
        case .root(let id, let path):
            let folder = try importRootFolder(id)
            do throws(StoreError) { return try FolderHandle(path: folder).openFile(path) } catch .missingFile {
                throw .missingFile(
                    path: folder + "/" + path,
                    remedy: "put the images where they were relative to the project, import their folder again, or take the image out (`ship remove`, or on the Images page)")
            }
        }
    }

    // MARK: -

    /// Whether an image of the project has its pixels in this file of the project folder.
    private func isOriginal(_ path: String) async throws(StoreError) -> Bool {
        try await read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM image_data WHERE root_id IS NULL AND url = ?)", arguments: [path]) ?? false }
    }

    private static func requirePixelSize(_ size: Double?) throws(StoreError) {
        guard let size else { return }
        guard size.isFinite, size > 0 else { throw .invalid(sentence: "a pixel size of \(size) µm is not possible; give a positive number of micrometres") }
    }

    static func image(_ database: Database, _ id: ObjectID, counting: Bool = true) throws -> ImageRecord? {
        let selection = counting ? imageSelection : imageSelection.replacing(countingObjects, with: "0 AS objects")
        return try Row.fetchOne(database.cachedStatement(sql: "\(selection) WHERE image.object_id = ?"), arguments: [id]).map(imageRecord)
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func decoded<Value: Decodable>(_ type: Value.Type, _ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }

    private static func imageRecord(_ row: Row) -> ImageRecord {
        let root: Int64? = row["root_id"]
        let url: String = row["url"] ?? ""
        let removed: Int64? = row["removed_at"]
        return ImageRecord(
            id: row["id"], uid: row["uid"], name: row["name"], location: root.map { .root(id: $0, path: url) } ?? .project(path: url),
            node: row["node"] ?? "", sha256: row["sha256"], bytes: row["bytes"], width: row["width"], height: row["height"],
            channels: row["channels"], bits: row["bits"], format: row["format"], page: row["page"], orientation: row["orientation"],
            pixelSize: row["pixel_size_um"], pixelSizeSource: row["pixel_size_source"], state: ImageState(rawValue: row["state"]) ?? .failed,
            area: row["area"], error: row["error"], pyramid: row["pyramid"], revision: row["revision"], objects: row["objects"],
            createdAt: Date(milliseconds: row["created_at"]), removedAt: removed.map(Date.init(milliseconds:)),
            made: decoded(MadeImage.self, row["made"]), prepared: decoded([String: String].self, row["prepared"]) ?? [:], companions: row["companions"],
            states: decoded([String: String].self, row["states"]) ?? [:])
    }
}

private let countingObjects = "(SELECT count(*) FROM object r WHERE r.image_id = object.id AND r.active = 1 AND r.kind = 'region') AS objects"
private let imageSelection = """
    SELECT object.id AS id, object.uid AS uid, image.name AS name, d.root_id AS root_id, d.url AS url, node.name AS node, d.sha256 AS sha256,
        d.bytes AS bytes, d.width AS width, d.height AS height, d.channels AS channels, d.bits AS bits, d.format AS format, d.page AS page,
        d.orientation AS orientation, d.pixel_size_um AS pixel_size_um, d.pixel_size_source AS pixel_size_source, image.state AS state,
        image.error AS error, image.area AS area, image.pyramid AS pyramid, image.revision AS revision, object.created_at AS created_at,
        image.removed_at AS removed_at, image.made AS made, image.prepared AS prepared, image.companions AS companions, image.states AS states,
        \(countingObjects)
    FROM image JOIN object ON object.id = image.object_id JOIN image_data d ON d.id = image.original_id LEFT JOIN node ON node.id = object.node_id
    """
