import Foundation
import GRDB

extension Project {
    /// Verifies everything: the database, the SHA-256 of every original and of every mask, and that no file is missing. Changes nothing.
    ///
    /// - Complexity: reads every byte of the originals.
    package func check() async throws(StoreError) -> [CheckFinding] {
        var findings = try await read { try Self.checkDatabase($0) }
        for image in try await allImages() { findings += checkFile(of: image) }
        // What is in the trash may have made room for another file of its name.
        for image in try await removedImages() {
            findings += checkFile(of: image).map {
                CheckFinding(
                    severity: .warning, code: $0.code, image: image.id, path: $0.path, message: "In the trash: \($0.message)",
                    remedy: "Nothing in use is concerned; the image can be brought back once its former file is where it was.")
            }
        }
        for companion in try await companions() {
            do throws(StoreError) { _ = try openFile(at: companion.location) } catch {
                findings.append(
                    CheckFinding(
                        severity: .warning, code: "outlines.missing", path: companion.name, message: "The file of outlines \(companion.name) is missing.",
                        remedy: "Objects that were drawn from it stay. Put it back where it was if the pipeline reads it in its runs."))
            }
        }
        for path in try files.files(enter: { !$0.hasPrefix(".") }) where PartName.matches((path as NSString).lastPathComponent) {
            findings.append(
                CheckFinding(
                    severity: .warning, code: "file.leftover", path: path, message: "\(path) was left unfinished.",
                    remedy: "Nothing is lost; remove it when no ship is writing to this project."))
        }
        return findings
    }

    private func checkFile(of image: ImageRecord) -> [CheckFinding] {
        let path: String =
            switch image.location {
            case .project(let path), .root(_, let path): path
            }
        func finding(_ code: String, _ message: String, _ remedy: String) -> [CheckFinding] {
            [CheckFinding(severity: .error, code: code, image: image.id, path: path, message: message, remedy: remedy)]
        }
        do throws(StoreError) {
            let file = try openFile(at: image.location)
            guard file.size == image.bytes else {
                return finding(
                    "file.size", "\(image.name) has \(file.size) bytes, at its import it had \(image.bytes).", "Restore it from a copy; it was changed or cut short.")
            }
            let digest: String
            do { digest = try FileDigest.sha256(file).sha256 } catch { throw StoreError(error, path: path) }
            if digest != image.sha256 {
                return finding("file.sha256", "\(image.name) is not what it was at its import.", "Restore it from a copy; its bytes were changed.")
            }
            return []
        } catch .missingFile(let path, let remedy) {
            return finding("file.missing", "\(path) of image \(image.name) is missing.", remedy.prefix(1).uppercased() + remedy.dropFirst() + ".")
        } catch {
            return finding("file.unreadable", "\(image.name): \(error).", "Check the disk and its cable, then run the check again.")
        }
    }

    private static func checkDatabase(_ database: Database) throws -> [CheckFinding] {
        var findings: [CheckFinding] = []
        func error(_ code: String, _ message: String, _ object: ObjectID? = nil) {
            findings.append(
                CheckFinding(
                    severity: .error, code: code, object: object, message: message,
                    remedy: "Restore project.sqlite from a copy, or send it to the developers; the images are not touched by this."))
        }
        do {
            for line in try String.fetchAll(database, sql: "PRAGMA integrity_check") where line != "ok" { error("database.integrity", "The database is damaged: \(line).") }
            try checkRows(database, error)
        } catch let damage as DatabaseError where damage.resultCode == .SQLITE_CORRUPT {
            error("database.integrity", "The database is damaged: \(damage.message ?? "a page cannot be read").")
        }
        return findings
    }

    /// What the database says about itself, and whether the masks are what was stored.
    private static func checkRows(_ database: Database, _ error: (_ code: String, _ message: String, _ object: ObjectID?) -> Void) throws {
        for row in try Row.fetchAll(database, sql: "PRAGMA foreign_key_check") {
            let table: String = row[0]
            error("database.foreignKey", "A row of table \(table) points to nothing.", nil)
        }
        let unindexed = try Int.fetchOne(
            database,
            sql: """
                SELECT (SELECT count(*) FROM object WHERE active = 1 AND kind IN ('region', 'reject') AND id NOT IN (SELECT id FROM object_box))
                     + (SELECT count(*) FROM object_box WHERE id NOT IN (SELECT id FROM object WHERE active = 1))
                """) ?? 0
        if unindexed > 0 { error("database.index", "\(unindexed) objects and their index disagree.", nil) }
        let differing = try Int64.fetchAll(
            database,
            sql: """
                SELECT o.id FROM object o LEFT JOIN mask m ON m.id = o.mask_id AND m.object_id = o.id WHERE o.kind IN ('region', 'reject')
                    AND (o.x, o.y, o.width, o.height, o.area) IS NOT (m.x, m.y, m.width, m.height, m.area)
                UNION SELECT o.id FROM object o JOIN object_box b ON b.id = o.id
                    WHERE (b.image_min, b.min_x, b.max_x, b.min_y, b.max_y) IS NOT (o.image_id, o.x, o.x + o.width - 1, o.y, o.y + o.height - 1)
                """)
        for object in differing { error("mask.box", "The box or area of object \(object) is not that of its mask.", object) }
        let rows = try Row.fetchCursor(database, sql: "SELECT object_id, png, sha256, width, height FROM mask")
        while let row = try rows.next() {
            let (object, png, digest): (Int64, Data, Data) = (row[0], row[1], row[2])
            let bytes = [UInt8](png)
            if ObjectWriter.digest(bytes) != digest {
                error("mask.checksum", "A mask of object \(object) is not what was stored.", object)
            } else if let size = ObjectWriter.pngSize(bytes) {
                if size.width != row[3] || size.height != row[4] { error("mask.box", "A mask of object \(object) does not fit its box.", object) }
            } else {
                error("mask.header", "A mask of object \(object) is not a PNG.", object)
            }
        }
    }
}
