import Codecs
import Jobs
import Pyramid
import Raster
import Store
import Synchronization

/// The pyramid files of a project's images, kept open. One that is missing is built again: such files may be deleted at any time.
actor Pyramids {
    private let project: Project
    private let work: WorkPool
    private var tasks: [ObjectID: Task<PyramidFile, any Error>] = [:]
    private nonisolated let ready = Mutex<[ObjectID: PyramidFile]>([:])

    init(project: Project, work: WorkPool) { (self.project, self.work) = (project, work) }

    /// - Throws: `Problem` `image.unknown`, `image.unreadable`, `file.missing` (read-only and not there).
    nonisolated func file(of image: ObjectID) async throws -> PyramidFile {
        // The way of nearly every tile: no hop, no database.
        if let file = ready.withLock({ $0[image] }) { return file }
        return try await load(image)
    }

    nonisolated func forget(_ image: ObjectID) {
        let known = ready.withLock { $0.removeValue(forKey: image) }
        if known != nil { Task { await drop(image) } }
    }

    private func drop(_ image: ObjectID) { tasks[image] = nil }

    private func load(_ id: ObjectID) async throws -> PyramidFile {
        if let task = tasks[id] { return try await task.value }
        let (project, work) = (project, work)
        let task = Task {
            guard let image = try await project.image(id), image.removedAt == nil else { throw Problem.unknownImage(id) }
            guard image.width > 0 else {
                throw Problem(.imageUnreadable, image.error ?? "\(image.name) could not be read when it was imported; import a good copy")
            }
            if let relative = image.pyramid {
                if let file = try? await work.run({ try PyramidFile(path: project.files.checkedPath(relative)) }) { return file }
            }
            guard !project.isReadOnly else {
                throw Problem(.fileMissing, "the tiles of \(image.name) are missing and the project is read-only; copy it to a writable disk")
            }
            let importer = try await ImageImporter(project: project)
            let relative = try await work.run { try importer.buildPyramid(of: image) }
            var change = ImageChange()
            change.pyramid = .some(relative)
            try await project.updateImage(id, change)
            return try await work.run { try PyramidFile(path: project.files.checkedPath(relative)) }
        }
        tasks[id] = task
        do {
            let file = try await task.value
            ready.withLock { ready in
                // Each holds a descriptor.
                if ready.count >= 64, let any = ready.keys.first { ready[any] = nil }
                ready[id] = file
            }
            tasks[id] = nil
            return file
        } catch {
            tasks[id] = nil
            throw error
        }
    }
}

extension PyramidFile {
    /// Pixels of a part of the image, put together from its tiles, at most `maxSide` wide and high. Bounded by the result's size,
    /// however large the image is.
    func pixels(in box: Rect, maxSide: Int) throws -> AnyImage {
        // The finest level at which the part is small enough.
        var level = levels - 1
        while level > 0, max(box.width, box.height) >> (levels - 1 - level) > maxSide { level -= 1 }
        let shift = levels - 1 - level
        let size = layout.levels[level]
        let part = Rect(
            minX: box.x >> shift, minY: box.y >> shift, maxX: min(size.width, (box.maxX - 1) >> shift + 1),
            maxY: min(size.height, (box.maxY - 1) >> shift + 1))
        var gray: Image<UInt8>?
        var color: Image<BGR<UInt8>>?
        if channels == 1 {
            gray = Image(width: part.width, height: part.height, repeating: 255)
        } else {
            color = Image(width: part.width, height: part.height, repeating: BGR(blue: 255, green: 255, red: 255))
        }
        for row in (part.y / tileSize)...((part.maxY - 1) / tileSize) {
            for column in (part.x / tileSize)...((part.maxX - 1) / tileSize) {
                guard let bytes = try tile(z: level, x: column, y: row) else { continue }
                let origin = (x: column * tileSize - part.x, y: row * tileSize - part.y)
                switch try ImageFile.decode(bytes: bytes, name: "tile \(level)/\(column)/\(row)") {
                case .gray8(let tile):
                    gray?.paste(tile, at: origin)
                    color?.paste(Image(width: tile.width, height: tile.height, pixels: tile.withBuffer { $0.map { BGR(blue: $0, green: $0, red: $0) } }), at: origin)
                case .color8(let tile): color?.paste(tile, at: origin)
                case .gray16, .color16: continue  // JPEG tiles have 8 bits.
                }
            }
        }
        return gray.map { .gray8($0) } ?? .color8(color!)
    }
}

extension Image {
    /// Copies what of `tile`, with its corner at `origin`, lies inside.
    fileprivate mutating func paste(_ tile: Image, at origin: (x: Int, y: Int)) {
        let columns = max(0, -origin.x)..<max(max(0, -origin.x), min(tile.width, width - origin.x))
        let rows = max(0, -origin.y)..<max(max(0, -origin.y), min(tile.height, height - origin.y))
        guard !columns.isEmpty else { return }
        let width = width
        tile.withBuffer { source in
            withMutableBuffer { target in
                for row in rows {
                    let from = source[(row * tile.width + columns.lowerBound)..<(row * tile.width + columns.upperBound)]
                    let start = (origin.y + row) * width + origin.x + columns.lowerBound
                    _ = UnsafeMutableBufferPointer(rebasing: target[start..<(start + columns.count)]).update(from: from)
                }
            }
        }
    }
}
