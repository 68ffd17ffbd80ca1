import Crypto
import Foundation
import HTTPTypes
import Jobs
import NIOCore
import Nodes
import Pipeline
import Store

/// Files on their way in by tus 1.0: a `.part` file and a small description each, so that an upload goes on after a restart.
///
/// The offset is the size of the `.part` file. Bytes are on the disk before a request is answered.
actor Uploads {
    /// What is known of an upload besides its bytes.
    struct Description: Codable, Sendable {
        var id: String
        var length: Int
        /// As people know the file, with its folders.
        var name: String
        var createdAt: Date
        /// `mask` or `image` where the client says so.
        var role: String?
    }

    /// What became of an upload.
    enum Finished: Sendable {
        case image(ImageRecord)
        /// Masks or outlines; they are drawn by a job.
        case mask(CompanionRecord)
        /// An archive, below the project; it is unpacked by a job.
        case archive(path: String)
    }

    static let folder = "uploads"
    private let project: Project
    private let work: WorkPool
    /// Decoding and tiling a whole image takes long: that is done where jobs are done.
    private let workers: WorkerThreads
    private let limit: Int
    /// Two requests must not write to one file.
    private var busy: Set<String> = []

    init(project: Project, work: WorkPool, workers: WorkerThreads, limit: Int) {
        (self.project, self.work, self.workers, self.limit) = (project, work, workers, limit)
    }

    // MARK: - Creation, state, end

    func create(length: Int, name: String, role: String? = nil) async throws -> Description {
        guard length >= 0, length <= limit else {
            throw Problem(.bodyTooLarge, "\(name) has \(length) bytes, more than the limit of \(limit); index its folder in place instead", field: "Upload-Length")
        }
        let upload = Description(id: String(Sessions.secret().prefix(32)), length: length, name: name, createdAt: Date(), role: role)
        let (project, work) = (project, work)
        try await work.run {
            if project.isReadOnly { throw StoreError.readOnly(path: project.folder, reason: project.readOnlyReason ?? "it was opened for reading only") }
            let free = try project.files.volume().freeBytes
            // A tenth more, for the pyramid and the database.
            guard free > length + length / 10 + (32 << 20) else { throw StoreError.diskFull(path: project.folder, freeBytes: free) }
            try project.files.makeFolder(Self.folder)
            try project.files.write("\(Self.folder)/\(upload.id).part", bytes: [])
            try project.files.write("\(Self.folder)/\(upload.id).json", bytes: [UInt8](try JSONEncoder().encode(upload)))
        }
        return upload
    }

    /// - Throws: `upload.unknown`.
    func find(_ id: String) async throws -> (upload: Description, offset: Int) {
        let project = project
        // Ids are ours; nothing else reaches a path.
        guard id.utf8.count == 32, id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else { throw Self.unknown(id) }
        return try await work.run {
            do {
                let description = try project.files.read("\(Self.folder)/\(id).json")
                guard let offset = try project.files.size("\(Self.folder)/\(id).part") else { throw Self.unknown(id) }
                return (try JSONDecoder().decode(Description.self, from: Data(description)), offset)
            } catch StoreError.missingFile {
                throw Self.unknown(id)
            }
        }
    }

    func remove(_ id: String) async throws {
        _ = try await find(id)
        guard !busy.contains(id) else { throw Self.isBusy(id) }
        let project = project
        try await work.run {
            try project.files.remove("\(Self.folder)/\(id).part")
            try project.files.remove("\(Self.folder)/\(id).json")
        }
    }

    // MARK: - Bytes

    /// Appends a body at `offset`; what arrived before a connection broke stays.
    /// - Parameter checksum: digest that the body must have (`sha1 …`, `sha256 …`), else nothing of it is kept.
    /// - Returns: the new offset.
    func append(_ id: String, at offset: Int, body: some AsyncSequence<ByteBuffer, any Error> & Sendable, checksum: String?) async throws -> (Description, offset: Int) {
        guard busy.insert(id).inserted else { throw Self.isBusy(id) }
        defer { busy.remove(id) }
        let (upload, size) = try await find(id)
        guard size == offset else {
            throw Problem(.uploadOffset, "the upload stands at \(size), not at \(offset); ask with HEAD and go on from there", field: "Upload-Offset")
        }
        let (project, work) = (project, work)
        let file = try await work.run { try AppendFile(path: project.files.checkedPath("\(Self.folder)/\(id).part"), size: size) }
        var digest = try checksum.map(BodyDigest.init)
        var buffer = ByteBuffer()
        var end = size
        func flush() async throws {
            guard buffer.readableBytes > 0 else { return }
            let piece = buffer
            buffer = ByteBuffer()
            try await work.run { try file.write(piece) }
            end += piece.readableBytes
        }
        do {
            for try await var piece in body {
                guard end + buffer.readableBytes + piece.readableBytes <= upload.length else {
                    throw Problem(.bodyTooLarge, "\(upload.name) was announced with \(upload.length) bytes but more came; start the upload again")
                }
                digest?.update(piece)
                buffer.writeBuffer(&piece)
                if buffer.readableBytes >= 1 << 20 { try await flush() }
            }
            try await flush()
        } catch let problem as Problem {
            try await work.run { try file.cut(to: size) }
            throw problem
        } catch let error as StoreError {
            try? await work.run { try file.cut(to: size) }
            throw error
        } catch {
            // The connection broke: keep what came, unless it could not be checked.
            if digest == nil { try await flush() } else { try await work.run { try file.cut(to: size) } }
            try await work.run { try file.sync() }
            throw error
        }
        if let digest, !digest.isRight {
            try await work.run { try file.cut(to: size) }
            throw Problem(.uploadChecksum, "the bytes from \(size) on arrived damaged and were dropped; send them again")
        }
        try await work.run { try file.sync() }
        return (upload, end)
    }

    /// Makes of a complete upload what it is: an image, or masks and outlines of one, or an archive.
    ///
    /// - Parameter isKnown: called when the image is in the project and can be looked at, before its pyramid is made.
    func finish(_ upload: Description, pipeline: ProjectPipeline, isKnown: @escaping @Sendable (ImageRecord) -> Void = { _ in }) async throws -> Finished {
        guard busy.insert(upload.id).inserted else { throw Self.isBusy(upload.id) }
        defer { busy.remove(upload.id) }
        let (project, work) = (project, work)
        let importer = try await ImageImporter(project: project)
        let companions = try await CompanionImporter(project: project, pipeline: pipeline)
        let part = "\(Self.folder)/\(upload.id).part"
        let isArchive = upload.name.lowercased().hasSuffix(".zip")
        var isMask = CompanionImporter.isNamedAsText(upload.name) || upload.role == "mask"
        if !isMask, upload.role == nil, !isArchive {
            let images = try await project.allImages().map(\.name)
            isMask = try await work.run { companions.companions(among: [upload.name], images: images).contains(upload.name) }
        }
        let path = try await work.run {
            let sha256 = try FileDigest.sha256(project.files.openFile(part)).sha256
            let folder = "\(importer.node)/files"
            try project.files.makeFolder(folder)
            let path = "\(folder)/\(sha256.prefix(20))\(Self.ending(of: upload.name))"
            if try project.files.size(path) == nil { try project.files.move(part, to: path) } else { try project.files.remove(part) }
            return (file: path, sha256: sha256)
        }
        func end() async throws { try await work.run { try project.files.remove("\(Self.folder)/\(upload.id).json") } }
        if isArchive {
            try await end()
            return .archive(path: path.file)
        }
        if isMask {
            do {
                let record = try await workers.run { try await companions.register(upload.name, at: .project(path: path.file), known: (path.sha256, upload.length)).record }
                try await end()
                return .mask(record)
            } catch {
                try? await work.run { try project.files.remove(path.file) }
                try await end()
                throw error
            }
        }
        let image = try await workers.run {
            try await importer.importFile(at: .project(path: path.file), name: upload.name, known: (path.sha256, upload.length), isKnown: isKnown)
        }
        try await work.run {
            // The same bytes lay elsewhere already: that file stays, this one goes.
            if image.location != .project(path: path.file) { try project.files.remove(path.file) }
        }
        try await end()
        return .image(image)
    }

    /// ".jpg" of a name, for people who look into the folder; nothing when it is unusual.
    private static func ending(of name: String) -> String {
        let ending = (name as NSString).pathExtension.lowercased()
        return (1...5).contains(ending.utf8.count) && ending.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }) ? "." + ending : ""
    }

    private static func unknown(_ id: String) -> Problem {
        Problem(.uploadUnknown, "there is no upload \(id.prefix(40).asciiOnly), or it is finished; start it again with POST")
    }

    private static func isBusy(_ id: String) -> Problem {
        Problem(.conflict, "another request is writing to upload \(id); wait for it to end")
    }
}

/// The unfinished file of an upload, open for writing at its end.
private final class AppendFile: @unchecked Sendable {  // Used by one request at a time.
    private let descriptor: Int32
    private let path: String

    init(path: String, size: Int) throws {
        descriptor = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else { throw StoreError.io(path: path, detail: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    func write(_ buffer: ByteBuffer) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    if errno == ENOSPC || errno == EDQUOT { throw StoreError.diskFull(path: path, freeBytes: nil) }
                    throw StoreError.io(path: path, detail: String(cString: strerror(errno)))
                }
                done += count
            }
        }
    }

    func cut(to size: Int) throws {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw StoreError.io(path: path, detail: String(cString: strerror(errno))) }
    }

    func sync() throws {
        guard fsync(descriptor) == 0 else { throw StoreError.io(path: path, detail: String(cString: strerror(errno))) }
    }
}

/// Digest of one request's body, as tus' checksum extension names it: algorithm, space, base64.
private struct BodyDigest {
    private enum Hash { case sha1(Insecure.SHA1), sha256(SHA256) }
    private var hash: Hash
    private let expected: Data

    init(_ field: String) throws {
        let parts = field.split(separator: " ")
        guard parts.count == 2, let expected = Data(base64Encoded: String(parts[1])) else {
            throw Problem(.valueInvalid, "Upload-Checksum must be an algorithm, a space and base64", field: "Upload-Checksum")
        }
        switch parts[0] {
        case "sha1": hash = .sha1(Insecure.SHA1())
        case "sha256": hash = .sha256(SHA256())
        default: throw Problem(.valueInvalid, "Upload-Checksum knows sha1 and sha256, not \(parts[0].prefix(20)); use one of these", field: "Upload-Checksum")
        }
        self.expected = expected
    }

    mutating func update(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { bytes in
            switch hash {
            case .sha1(var sha): sha.update(bufferPointer: bytes); hash = .sha1(sha)
            case .sha256(var sha): sha.update(bufferPointer: bytes); hash = .sha256(sha)
            }
        }
    }

    var isRight: Bool {
        switch hash {
        case .sha1(let sha): Data(sha.finalize()) == expected
        case .sha256(let sha): Data(sha.finalize()) == expected
        }
    }
}
