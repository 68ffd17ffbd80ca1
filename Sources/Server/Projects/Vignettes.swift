import Codecs
import Dispatch
import Pyramid
import Raster
import Store
import Synchronization

/// The pixels of objects' pictures for contact sheets, cut from the tiles of their pyramids.
///
/// Decoding tiles is nearly all of the work, and a sheet that is sorted by a measure takes one object from each of hundreds of
/// tiles. So whenever a tile is decoded, the parts of *all* objects that it holds are kept, up to a limit of memory: the first
/// sheets of a list decode every tile once, the others none. Decoded tiles themselves, hundreds of times larger, are not kept.
final class Vignettes: Sendable {
    private struct Key: Hashable {
        var object: ObjectID
        var revision: Int64
        var z: Int
    }

    private struct TileKey: Hashable {
        var z, x, y: Int
    }

    /// A cut whose pixels come tile by tile.
    private final class Crop: @unchecked Sendable {  // only touched under the lock of `state`
        let key: Key
        let image: ObjectID
        let cut: VignetteCut
        let channels: Int
        /// Of `cut.part`, until `picture` is there. Tiles fill parts of it that have nothing in common, without the lock.
        private(set) var pixels: UnsafeMutableBufferPointer<UInt8>
        /// Tiles that are still to come, and how many are being copied.
        var missing: Set<TileKey>
        var copying = 0
        var picture: ContactSheet.Picture?
        /// Asked for, not only found in a tile that was decoded for another one.
        var isUsed = false

        init(key: Key, image: ObjectID, cut: VignetteCut, channels: Int, tileSize: Int) {
            (self.key, self.image, self.cut, self.channels) = (key, image, cut, channels)
            pixels = .allocate(capacity: cut.part.width * cut.part.height * channels)
            pixels.initialize(repeating: 255)
            missing = Set(Vignettes.tiles(of: cut, tileSize: tileSize))
        }

        deinit { pixels.deallocate() }

        var bytes: Int { (picture?.pixels.count ?? pixels.count) + 300 }

        /// The whole picture in the form that takes less memory.
        func finished() -> ContactSheet.Picture {
            let picture = ContactSheet.Picture(cut: cut, channels: channels, pixels: Array(pixels))
            return cut.width * cut.height * channels < pixels.count ? picture.fitted() : picture
        }

        func finish(_ picture: ContactSheet.Picture) {
            self.picture = picture
            pixels.deallocate()
            pixels = .init(start: nil, count: 0)
        }
    }

    /// All objects of an image by the tiles that their cuts need.
    private final class ImageIndex: Sendable {
        let revision: Int64
        let cell: Int
        let objects: [ObjectPlace]
        let byTile: [TileKey: [Int32]]

        init(revision: Int64, cell: Int, objects: [ObjectPlace], pyramid: PyramidFile) {
            (self.revision, self.cell, self.objects) = (revision, cell, objects)
            var byTile: [TileKey: [Int32]] = [:]
            for (number, object) in objects.enumerated() {
                guard let cut = VignetteCut(box: object.box, layout: pyramid.layout, cell: cell) else { continue }
                for tile in Vignettes.tiles(of: cut, tileSize: pyramid.tileSize) { byTile[tile, default: []].append(Int32(number)) }
            }
            self.byTile = byTile
        }
    }

    private struct State {
        var crops: [Key: Crop] = [:]
        var order: [Key] = []
        var first = 0
        var bytes = 0
        var indexes: [ObjectID: ImageIndex] = [:]
        var indexed = 0
        var lastUse = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let turn = Turn()
    private let byteLimit: Int
    /// Objects in all indexes together.
    private let indexLimit = 400_000
    private let speculationLimit = 20_000

    /// - Parameter byteLimit: enough for 5,000 pictures in colour that fill cells of 96 pixels; `rest` gives it back.
    init(byteLimit: Int = 144 << 20) { self.byteLimit = byteLimit }

    /// Keeps nothing when nobody asked for a while.
    func rest(after pause: Duration = .seconds(60)) {
        state.withLock { state in
            guard !state.crops.isEmpty, state.lastUse.duration(to: .now) > pause else { return }
            (state.crops, state.order, state.first, state.bytes) = ([:], [], 0, 0)
        }
    }

    private struct Source: Sendable {
        var pyramid: PyramidFile
        var index: ImageIndex
    }

    /// Pictures in the order of `places`; nil for nil, and for objects whose image cannot be shown.
    func pictures(of places: [ObjectPlace?], cell: Int, of project: OpenProject) async throws -> [ContactSheet.Picture?] {
        var sources: [ObjectID: Source] = [:]
        let images = Set(places.compactMap { $0?.image })
        let revisions = try await project.project.imageRevisions(Array(images))
        for image in images {
            guard let revision = revisions[image], let pyramid = try? await project.pyramids.file(of: image) else { continue }
            if let known = state.withLock({ $0.indexes[image] }), known.revision == revision, known.cell == cell {
                sources[image] = Source(pyramid: pyramid, index: known)
            } else {
                let objects = try await project.project.places(image: image)
                let index = ImageIndex(revision: revision, cell: cell, objects: objects, pyramid: pyramid)
                keep(index, of: image)
                sources[image] = Source(pyramid: pyramid, index: index)
            }
        }
        let ready = sources
        // One sheet at a time decodes, on all cores: two at once would decode the same tiles twice.
        let work = project.work
        return try await turn.take { try await work.run { try self.cut(places, cell: cell, ready) } }
    }

    private func keep(_ index: ImageIndex, of image: ObjectID) {
        state.withLock { state in
            state.indexed += index.objects.count - (state.indexes.updateValue(index, forKey: image)?.objects.count ?? 0)
            while state.indexed > indexLimit, let other = state.indexes.keys.first(where: { $0 != image }) {
                state.indexed -= state.indexes.removeValue(forKey: other)?.objects.count ?? 0
            }
        }
    }

    private struct Job: Sendable {
        var image: ObjectID
        var tile: TileKey
    }

    private func cut(_ places: [ObjectPlace?], cell: Int, _ sources: [ObjectID: Source]) throws -> [ContactSheet.Picture?] {
        var wanted: [Crop?] = []
        var jobs: [Job] = []
        state.withLock { state in
            state.lastUse = .now
            var needed: [ObjectID: Set<TileKey>] = [:]
            for place in places {
                guard let place, let source = sources[place.image],
                    let crop = crop(of: place, source.pyramid, cell, &state)
                else {
                    wanted.append(nil)
                    continue
                }
                crop.isUsed = true
                wanted.append(crop)
                needed[place.image, default: []].formUnion(crop.missing)
            }
            jobs = needed.flatMap { image, tiles in tiles.map { Job(image: image, tile: $0) } }
        }
        let failure = Mutex<(any Error)?>(nil)
        let held = Dictionary(wanted.compactMap { $0.map { ($0.key, $0) } }, uniquingKeysWith: { first, _ in first })
        let list = jobs
        DispatchQueue.concurrentPerform(iterations: list.count) { number in
            let job = list[number]
            guard let source = sources[job.image] else { return }
            do {
                guard let bytes = try source.pyramid.tile(z: job.tile.z, x: job.tile.x, y: job.tile.y) else { return }
                let picture = try ImageFile.decode(bytes: bytes, name: "tile \(job.tile.z)/\(job.tile.x)/\(job.tile.y)")
                take(picture, job, source, cell, held)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return state.withLock { _ in
            wanted.map { crop in crop.map { $0.picture ?? $0.finished() } }
        }
    }

    /// Copies what a decoded tile holds into all cuts that reach into it.
    private func take(_ picture: AnyImage, _ job: Job, _ source: Source, _ cell: Int, _ held: [Key: Crop]) {
        let due = state.withLock { state in
            var crops: [Crop] = []
            var seen: Set<Key> = []
            // The pictures of so many objects would push each other out before anybody asks for them.
            for number in source.index.objects.count > speculationLimit ? [] : source.index.byTile[job.tile] ?? [] {
                let place = source.index.objects[Int(number)]
                let key = Key(object: place.id, revision: place.revision, z: job.tile.z)
                if let crop = held[key] ?? crop(of: place, source.pyramid, cell, &state) {
                    seen.insert(key)
                    crops.append(crop)
                }
            }
            // Rejects and objects that were just edited are not in the index.
            for (key, crop) in held where crop.image == job.image && !seen.contains(key) { crops.append(crop) }
            crops = crops.filter { $0.missing.remove(job.tile) != nil }
            for crop in crops { crop.copying += 1 }
            return crops
        }
        for crop in due {
            switch picture {
            case .gray8(let tile): tile.withBuffer { Self.paste(UnsafeRawBufferPointer($0), tile.width, tile.height, 1, job.tile, source.pyramid.tileSize, crop) }
            case .color8(let tile): tile.withBuffer { Self.paste(UnsafeRawBufferPointer($0), tile.width, tile.height, 3, job.tile, source.pyramid.tileSize, crop) }
            case .gray16, .color16: break  // JPEG tiles have 8 bits.
            }
        }
        let whole = state.withLock { _ in
            for crop in due { crop.copying -= 1 }
            return due.filter { $0.copying == 0 && $0.missing.isEmpty && $0.picture == nil }
        }
        let pictures = whole.map { $0.finished() }
        state.withLock { state in
            for (crop, picture) in zip(whole, pictures) {
                let before = crop.bytes
                crop.finish(picture)
                if state.crops[crop.key] === crop { state.bytes += crop.bytes - before }
            }
            evict(&state)
        }
    }

    private static func paste(_ tile: UnsafeRawBufferPointer, _ width: Int, _ height: Int, _ channels: Int, _ key: TileKey, _ tileSize: Int, _ crop: Crop) {
        let part = crop.cut.part
        let common = Rect(x: key.x * tileSize, y: key.y * tileSize, width: width, height: height).intersection(part)
        guard !common.isEmpty else { return }
        let target = UnsafeMutableRawBufferPointer(crop.pixels)
        for y in common.y..<common.maxY {
            let from = ((y - key.y * tileSize) * width + common.x - key.x * tileSize) * channels
            let to = ((y - part.y) * part.width + common.x - part.x) * crop.channels
            if channels == crop.channels {
                let count = common.width * channels
                UnsafeMutableRawBufferPointer(rebasing: target[to..<(to + count)]).copyMemory(from: UnsafeRawBufferPointer(rebasing: tile[from..<(from + count)]))
            } else {
                // A gray tile in a colour pyramid, or the other way round.
                for x in 0..<common.width {
                    for channel in 0..<crop.channels { target[to + x * crop.channels + channel] = tile[from + x * channels + min(channel, channels - 1)] }
                }
            }
        }
    }

    /// The kept cut of an object, or a new one that has no pixels yet.
    private func crop(of place: ObjectPlace, _ pyramid: PyramidFile, _ cell: Int, _ state: inout State) -> Crop? {
        guard let cut = VignetteCut(box: place.box, layout: pyramid.layout, cell: cell) else { return nil }
        let key = Key(object: place.id, revision: place.revision, z: cut.z)
        // Another size of cell may need other pixels of the same level, or scale them differently.
        if let known = state.crops[key], known.cut == cut { return known }
        let crop = Crop(key: key, image: place.image, cut: cut, channels: pyramid.channels == 1 ? 1 : 3, tileSize: pyramid.tileSize)
        if let old = state.crops.updateValue(crop, forKey: key) {
            state.bytes -= old.bytes
        } else {
            state.order.append(key)
        }
        state.bytes += crop.bytes
        return crop
    }

    /// Drops the oldest that were not asked for since they were last looked at here.
    private func evict(_ state: inout State) {
        while state.bytes > byteLimit, state.first < state.order.count {
            let key = state.order[state.first]
            state.first += 1
            guard let crop = state.crops[key] else { continue }
            if crop.isUsed {
                crop.isUsed = false
                state.order.append(key)
            } else {
                state.bytes -= crop.bytes
                state.crops[key] = nil
            }
        }
        if state.first > 10_000 {
            state.order.removeFirst(state.first)
            state.first = 0
        }
    }

    private static func tiles(of cut: VignetteCut, tileSize: Int) -> [TileKey] {
        let part = cut.part
        var tiles: [TileKey] = []
        for y in (part.y / tileSize)...((part.maxY - 1) / tileSize) {
            for x in (part.x / tileSize)...((part.maxX - 1) / tileSize) { tiles.append(TileKey(z: cut.z, x: x, y: y)) }
        }
        return tiles
    }
}

/// Lets one after the other do something, in the order they came.
private actor Turn {
    private var last: Task<Void, Never>?

    func take<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let before = last
        let task = Task {
            await before?.value
            return try await body()
        }
        last = Task { _ = try? await task.value }
        return try await task.value
    }
}
