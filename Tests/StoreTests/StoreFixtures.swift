import Foundation
import Raster
import Testing

import Store

/// A folder that is removed with the value. Its name holds what file names may hold.
final class TemporaryFolder: Sendable {
    let path: String
    private let outer: String

    init(_ name: String = "Grüße 浮游 'Ω' 100% ?#") {
        outer = FileManager.default.temporaryDirectory.path + "/ship-test-\(UUID().uuidString)"
        path = outer + "/" + name
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: outer) }

    static func / (folder: TemporaryFolder, name: String) -> String { folder.path + "/" + name }
}

/// Repeatable numbers (SplitMix64).
struct Dice: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// What the store checks of a PNG (signature and header), and a body that tells one mask from another.
func pictured(_ box: Rect, body: [UInt8] = [1, 2, 3]) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + number(13) + Array("IHDR".utf8) + number(box.width) + number(box.height)
        + [1, 3, 0, 0, 0] + number(0) + body
}

func region(_ uid: String, x: Int = 10, y: Int = 10, width: Int = 8, height: Int = 6, body: [UInt8] = [1, 2, 3], measurements: Measurements = .none) -> NewRegion {
    let box = Rect(x: x, y: y, width: width, height: height)
    var region = NewRegion(uid: uid, box: box, png: pictured(box, body: body), area: max(1, width * height / 2))
    region.measurements = measurements
    return region
}

extension Project {
    /// A project with one image of 1,000 × 800 pixels, whose file is there.
    static func sample(in folder: TemporaryFolder, name: String = "plankton") async throws -> (project: Project, image: ObjectID) {
        let project = try Project.create(folder: folder / name, title: "Été – Ω ✓")
        return (project, try await project.addSampleImage("a"))
    }

    @discardableResult
    func addSampleImage(_ name: String) async throws -> ObjectID {
        let bytes = Array("picture \(name)".utf8)
        try files.makeFolder("import")
        try files.write("import/\(name).png", bytes: bytes)
        var new = NewImage(
            uid: "image-\(name)", name: "Stätion/\(name).PNG", location: .project(path: "import/\(name).png"), node: "import", sha256: FileDigest.sha256(bytes),
            bytes: bytes.count)
        (new.width, new.height, new.state) = (1000, 800, .ready)
        return try await insertImage(new).id
    }

    /// Everything an image shows: its active objects with masks and measurements.
    func shown(_ image: ObjectID) async throws -> [ShownObject] {
        var query = ObjectQuery(image: image)
        query.kinds = [.region, .reject]
        query.limit = 10_000
        let masks = try await masks(image: image) + masks(image: image, kind: .reject)
        let byID = Dictionary(uniqueKeysWithValues: masks.map { ($0.object, $0) })
        return try await objects(query).items.map { ShownObject(record: $0, mask: byID[$0.id]) }
    }
}

struct ShownObject: Equatable {
    var record: ObjectRecord
    var mask: StoredMask?
}

/// Runs a program and returns its exit status.
@discardableResult
func run(_ program: String, _ arguments: String...) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
}

/// A small file system in memory. nil where this user may not mount.
final class SmallDisk {
    let path: String

    init?(_ options: String) {
        path = FileManager.default.temporaryDirectory.path + "/ship-disk-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard run("/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", path) == 0 else {
            rmdir(path)
            return nil
        }
    }

    func becomeReadOnly() { #expect(run("/bin/mount", "-o", "remount,ro", path) == 0) }
    func becomeWritable() { #expect(run("/bin/mount", "-o", "remount,rw", path) == 0) }

    deinit {
        run("/bin/umount", "-l", path)
        rmdir(path)
    }

    static let isPossible: Bool = SmallDisk("size=64k") != nil
}
