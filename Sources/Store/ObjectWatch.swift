import Foundation
import GRDB
import Raster
import Synchronization

/// What one transaction changed on one image's objects.
package struct ObjectsChanged: Sendable {
    package var image: ObjectID
    /// The image's, from now on.
    package var revision: Int64
    /// Objects that are new or have another mask, and objects that are no longer there (some of which may never have been); nil when they are
    /// too many to name: everything may have changed.
    package var objects: (present: [StoredMask], gone: [ObjectID])?
}

/// Who keeps an image's objects in memory and wants to know of changes.
package protocol ObjectWatcher: AnyObject, Sendable {
    /// Whether it keeps those of this image.
    func wants(_ image: ObjectID) -> Bool
    /// Called on the connection's queue when a transaction is on the disk, before the function that made it returns.
    func objectsChanged(_ change: ObjectsChanged)
}

/// Finds out from SQLite itself which objects a transaction touched, so that no function that changes objects can forget to say so.
final class ObjectWatch: TransactionObserver, @unchecked Sendable {
    /// More are read faster as a whole.
    private static let most = 4_000

    private let watcher = Mutex<(any ObjectWatcher)?>(nil)
    // Only touched on the connection's queue.
    private var objects: Set<Int64> = []
    private var isTooMany = false
    private var images: Set<Int64> = []

    func set(_ watcher: (any ObjectWatcher)?) { self.watcher.withLock { $0 = watcher } }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
        switch eventKind {
        case .insert(let table), .delete(let table): table == "object"
        case .update(let table, let columns):
            table == "object" && !columns.isDisjoint(with: ["active", "mask_id"]) || table == "image" && columns.contains("revision")
        }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        if event.tableName == "image" {
            images.insert(event.rowID)
        } else if !isTooMany {
            objects.insert(event.rowID)
            if objects.count > Self.most { (isTooMany, objects) = (true, []) }
        }
    }

    func databaseDidCommit(_ database: Database) {
        defer { reset() }
        guard !images.isEmpty, let watcher = watcher.withLock({ $0 }) else { return }
        for image in images.sorted() where watcher.wants(image) {
            // A revision that cannot be read is none that anybody has: whoever needs it reads again.
            let revision = (try? Project.revision(database, image: image)) ?? nil
            watcher.objectsChanged(ObjectsChanged(image: image, revision: revision ?? -1, objects: isTooMany ? nil : try? read(database, image: image)))
        }
    }

    func databaseDidRollback(_ database: Database) { reset() }

    private func read(_ database: Database, image: ObjectID) throws -> (present: [StoredMask], gone: [ObjectID]) {
        let list = "[\(objects.map(String.init).joined(separator: ","))]"
        let present = try Project.masks(
            database, where: "o.id IN (SELECT value FROM json_each(?)) AND o.image_id = ? AND o.active = 1 AND o.kind <> 'image' ORDER BY o.id", [list, image])
        return (present, objects.subtracting(present.map(\.object)).sorted())
    }

    private func reset() { (objects, images, isTooMany) = ([], [], false) }
}
